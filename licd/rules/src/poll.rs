//! When the download links are asked. All of it is spread by chance: devices that do the same at the
//! same time, since the power came back or a setting was sent, must not ask a server in the same
//! second.
//!
//! `chance` is a number that anything from 0 to [`u32::MAX`] is equally likely for.

use core::time::Duration;

/// The spread of the first look after a start, for a device that its licences are in order for: a
/// fleet of 100,000 is 330 requests a second.
const START: Duration = Duration::from_secs(300);
/// The same for a device that is waiting for a licence, and whoever sits before it.
const START_WANTING: Duration = Duration::from_secs(15);
/// The spread after the links have changed: UMS sends settings one by one.
const CHANGE: Duration = Duration::from_secs(3);
/// The wait after a look that failed, doubled by each further one.
const RETRY: Duration = Duration::from_secs(60);
/// Spread of the regular looks to either side, in percent.
const JITTER: u32 = 10;
/// Spread of those that follow a failure: a server that is back is not to be run over.
const RETRY_JITTER: u32 = 50;

/// The wait from a start to the first look; `wanting`: the device lacks a licence or will soon, or
/// has a link that was never followed.
#[must_use]
pub fn poll_after_start(wanting: bool, chance: u32) -> Duration {
    share(if wanting { START_WANTING } else { START }, chance)
}

/// The wait from a change of the links to the next look.
#[must_use]
pub fn poll_after_change(chance: u32) -> Duration {
    share(CHANGE, chance)
}

/// The wait from one look to the next, of which there is to be one in so many hours, after so many
/// in a row at which a link could not be asked.
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

/// From nothing to all of it.
fn share(most: Duration, chance: u32) -> Duration {
    most.mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

/// From so many percent less to so many more.
fn spread(middle: Duration, percent: u32, chance: u32) -> Duration {
    let side = middle * percent / 100;
    middle - side + share(2 * side, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANCES: [u32; 4] = [0, 1, u32::MAX / 2, u32::MAX];

    #[test]
    fn a_look_comes_every_so_many_hours_give_or_take_a_tenth() {
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
    fn after_a_failure_it_comes_sooner_and_never_later_than_it_would_otherwise() {
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
