//! When licd polls the download links. Every delay is random: devices that react to the same event,
//! such as returning power or a new setting, must not ask a server in the same second.
//!
//! `chance` is uniform from 0 to [`u32::MAX`].

use core::time::Duration;

/// The spread of the first poll after a start, if the device is licensed: for a fleet of 100,000,
/// 330 requests a second.
const START: Duration = Duration::from_secs(300);
/// The same for a device that needs a licence while its user waits.
const START_WANTING: Duration = Duration::from_secs(15);
/// The spread after a change of the links: UMS sends settings one by one.
const CHANGE: Duration = Duration::from_secs(3);
/// The delay after a failed poll, doubled by each further failure.
const RETRY: Duration = Duration::from_secs(60);
/// The spread of regular polls to either side, in percent.
const JITTER: u32 = 10;
/// The spread after a failure: a server that has just recovered must not be overloaded.
const RETRY_JITTER: u32 = 50;

/// The delay from a start to the first poll; `wanting` if the device lacks a licence, will lack one
/// soon, or has a link that it never followed.
#[must_use]
pub fn poll_after_start(wanting: bool, chance: u32) -> Duration {
    share(if wanting { START_WANTING } else { START }, chance)
}

/// The delay from a change of the links to the next poll.
#[must_use]
pub fn poll_after_change(chance: u32) -> Duration {
    share(CHANGE, chance)
}

/// The delay to the next poll, given the interval in hours and the number of consecutive failures.
#[must_use]
pub fn poll_again(hours: u16, failures: u32, chance: u32) -> Duration {
    let regular = Duration::from_secs(u64::from(hours) * 60 * 60);
    match failures {
        0 => spread(regular, JITTER, chance),
        _ => {
            let doubled = RETRY.saturating_mul(1 << (failures - 1).min(16));
            spread(doubled.min(regular), RETRY_JITTER, chance)
        }
    }
}

/// A random part of `most`.
fn share(most: Duration, chance: u32) -> Duration {
    most.mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

/// A random duration within `percent` of `middle`.
fn spread(middle: Duration, percent: u32, chance: u32) -> Duration {
    let side = middle * percent / 100;
    middle - side + share(2 * side, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANCES: [u32; 4] = [0, 1, u32::MAX / 2, u32::MAX];

    #[test]
    fn a_poll_comes_at_the_interval_give_or_take_a_tenth() {
        for hours in [1, 24, 8760] {
            let tenth = u64::from(hours) * 360;
            for chance in CHANCES {
                let seconds = poll_again(hours, 0, chance).as_secs();
                assert!((9 * tenth..=11 * tenth).contains(&seconds), "{hours} {chance}: {seconds}");
            }
        }
        assert_ne!(poll_again(24, 0, 0), poll_again(24, 0, u32::MAX));
    }

    #[test]
    fn a_poll_after_a_failure_comes_sooner_and_never_later_than_a_regular_one() {
        let middle = |failures| poll_again(24, failures, u32::MAX / 2).as_secs();
        assert_eq!([1, 2, 3].map(middle), [59, 119, 239]);
        for failures in [10, 11, 40, u32::MAX] {
            let hours = poll_again(24, failures, u32::MAX).as_secs() / 3600;
            assert!((12..=36).contains(&hours), "{failures}: {hours}");
        }
        assert!(poll_again(1, u32::MAX, u32::MAX).as_secs() <= 5400);
    }

    #[test]
    fn a_fleet_does_not_ask_in_the_same_second() {
        assert_eq!(poll_after_start(false, 0), Duration::ZERO);
        assert_eq!(poll_after_start(false, u32::MAX), START);
        assert_eq!(poll_after_start(true, u32::MAX), START_WANTING);
        assert_eq!(poll_after_change(u32::MAX), CHANGE);
    }
}
