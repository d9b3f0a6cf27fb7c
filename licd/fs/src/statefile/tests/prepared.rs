use super::*;

/// Nothing that the caller would have read.
fn unread() -> Option<Visits> {
    None
}

#[test]
fn a_prepared_change_is_made_as_it_was_written() {
    for before in [None, Some(1)] {
        let (_dir, root, file) = device();
        if let Some(count) = before {
            File::update_prepared(&root, None, unread, set(count)).unwrap();
        }
        let prepared = File::prepare(&root, unread, set(5)).unwrap();
        assert_eq!(loaded(&root), before.unwrap_or_default());
        File::update_prepared(&root, Some(prepared), unread, set(9)).unwrap();
        assert_eq!(loaded(&root), 5);
        // A copy would take the place of a file that is gone.
        assert_eq!(names(&file), ["visits.toml"]);
    }
}

#[test]
fn a_change_that_was_prepared_from_another_file_is_made_anew() {
    let (_dir, root, file) = device();
    let meanwhile: [&dyn Fn(); 3] = [
        &|| File::update(&root, set(1)).unwrap(),
        &|| File::update(&root, set(2)).unwrap(),
        &|| {
            names(&file).iter().for_each(|name| fs::remove_file(file.with_file_name(name)).unwrap())
        },
    ];
    for change in meanwhile {
        let prepared = File::prepare(&root, unread, set(5)).unwrap();
        change();
        File::update_prepared(&root, Some(prepared), unread, set(9)).unwrap();
        assert_eq!(loaded(&root), 9);
    }
}

#[test]
fn keys_that_the_caller_has_read_are_not_read_again() {
    let (_dir, root, _) = with("schema = 2\ncount = 1\n");
    let read = || Some(Visits { count: 40 });
    let add = |visits: &mut Visits| visits.count += 1;
    File::update_prepared(&root, None, read, add).unwrap();
    assert_eq!(loaded(&root), 41);
    let prepared = File::prepare(&root, read, set(42)).unwrap();
    File::update_prepared(&root, Some(prepared), unread, add).unwrap();
    assert_eq!(loaded(&root), 42);
}

#[test]
fn preparing_sweeps_the_leftovers_of_a_crash_and_leaves_none() {
    let (_dir, root, file) = with("");
    fs::remove_file(&file).unwrap();
    for _ in 0..20 {
        fs::write(file.with_file_name(".licd-1-2.tmp"), "half").unwrap();
        drop(File::prepare(&root, unread, set(1)).unwrap());
        assert_eq!(names(&file), [""; 0]);
    }
}
