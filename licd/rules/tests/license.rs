//! Licences as a device keeps them.

mod maker;

use licd_rules::License;
use license_format::{UnitId, Verifier};
use maker::{pack, trust_in, unit};

fn other() -> UnitId {
    UnitId::from_mac([1, 2, 3, 4, 5, 6])
}

#[test]
fn a_kept_licence_has_every_term_of_the_verified_one() {
    let maker = pack("WE-AAAAA")
        .serial(7)
        .services(&["SUB_SERVICE_A", "SUB_SERVICE_B"])
        .supersedes(&["WE-BBBBB", "WE-CCCCC"])
        .grace(3)
        .warn(20)
        .signed_by(&["issuer", "second"])
        .roster();
    for maker in [maker, pack("WE-AAAAA")] {
        let trust = trust_in(&[("issuer", &[]), ("second", &[])], &[]);
        let file = maker.file();
        let wanted = [unit()];
        let mut verifier = Verifier::new(&trust, &wanted);
        verifier.update(file.as_bytes()).unwrap();
        let verified = verifier.finish().unwrap().license;
        let kept = License::from(&verified);
        assert_eq!((&kept.pack, kept.serial), (&verified.pack, verified.serial));
        assert_eq!((&kept.product, kept.term), (&verified.product, verified.term));
        assert_eq!((kept.category, &kept.order), (verified.category, &verified.order));
        assert_eq!(kept.subscription_key, verified.subscription_key);
        assert_eq!(
            (&*kept.services, &*kept.supersedes),
            (&*verified.services, &*verified.supersedes)
        );
        assert_eq!((kept.issued, kept.starts), (verified.issued, verified.starts));
        assert_eq!((kept.expires, kept.grace_days), (verified.expires, verified.grace_days));
        assert_eq!(
            (kept.warn_days, kept.roster_complete),
            (verified.warn_days, verified.roster_complete)
        );
        assert_eq!((kept.signers(), kept.named()), (verified.signers(), verified.named()));
        for unit in [unit(), other()] {
            assert_eq!(kept.names(&unit), verified.names(&unit));
            assert_eq!(kept.roster_excludes(&unit), verified.roster_excludes(&unit));
        }
    }
}

#[test]
fn licences_that_share_lists_stay_as_they_are() {
    let licenses = [
        pack("WE-AAAAA").verified(),
        pack("WE-BBBBB").services(&["SUB_SERVICE_A"]).verified(),
        pack("WE-CCCCC").signed_by(&["second"]).units(&[other()]).verified(),
    ];
    for one in &licenses {
        for other in &licenses {
            let mut shared = one.clone();
            shared.share_lists(other);
            assert_eq!(shared, *one);
        }
    }
}

#[test]
fn licences_with_the_same_lists_keep_them_once() {
    let one = pack("WE-AAAAA").verified();
    let mut same = pack("WE-BBBBB").verified();
    same.share_lists(&one);
    assert_eq!(same.services.as_ptr(), one.services.as_ptr());
    assert_eq!(same.signers().as_ptr(), one.signers().as_ptr());
    assert_eq!(same.named().as_ptr(), one.named().as_ptr());
}
