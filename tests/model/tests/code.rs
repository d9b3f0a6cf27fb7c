//! The model's steps are functions of the product.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;
use std::path::Path;

use model::step::Step;

#[test]
fn every_step_names_a_function_that_exists() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for step in Step::ALL {
        let (file, function) = step.code();
        let code = fs::read_to_string(top.join(file)).unwrap();
        let has = |call: &str| code.contains(&format!("fn {function}{call}"));
        assert!(has("(") || has("<"), "{file} has no function {function}");
    }
}
