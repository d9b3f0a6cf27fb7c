//! Options of calls.

use std::collections::HashMap;

use licd_device::{Application, Intent, Login, Person, Proxy, Terms};
use licd_fs::printable::escaped;
use zbus::OwnedVariant;

use super::error::BusError;
use crate::dispatch::More;
use crate::jobs::Access;

/// The option of an import that another file of its caller follows.
const MORE: &str = "more";

/// Options of a call by name. Unknown ones are errors, so that a later one is never ignored.
pub(super) type Options = HashMap<String, OwnedVariant>;

/// The option of an import that no user asked for: it brings back nothing that was removed on purpose.
const AUTOMATIC: &str = "automatic";
/// The option of an import that only wants the verdict: it changes nothing.
const CHECK: &str = "check";

/// Takes `user`, `password` and `proxy` out of the options, which may hold nothing else.
pub(super) fn access(mut options: Options) -> Result<Access, BusError> {
    let (user, password) = (text(&mut options, "user")?, text(&mut options, "password")?);
    let proxy = proxy(&mut options)?;
    no_options(&options)?;
    let login = match (user, password) {
        (Some(user), password) => Some(Login { user, password: password.unwrap_or_default() }),
        (None, None) => None,
        (None, Some(_)) => {
            return Err(BusError::arguments("option “password”: needs “user”".to_owned()));
        }
    };
    Ok(Access { login, proxy })
}

pub(super) fn no_options(options: &Options) -> Result<(), BusError> {
    match options.keys().min() {
        None => Ok(()),
        Some(key) => {
            let key = escaped(key);
            Err(BusError::arguments(format!("option “{key}”: is not known; leave it out")))
        }
    }
}

/// Takes `automatic` and `check` out of the options: why something is imported.
pub(super) fn intent(options: &mut Options) -> Result<Intent, BusError> {
    let (automatic, check) = (is_set(options, AUTOMATIC)?, is_set(options, CHECK)?);
    Ok(match (check, automatic) {
        (true, _) => Intent::Check,
        (false, true) => Intent::Automatic,
        (false, false) => Intent::Explicit,
    })
}

/// Takes `more` out of the options: whether another file is imported together with this one.
pub(super) fn more(options: &mut Options) -> Result<More, BusError> {
    Ok(if is_set(options, MORE)? { More::Follows } else { More::Nothing })
}

/// The application of a person, with all options of `Activate`.
pub(super) fn application(mut options: Options) -> Result<Application, BusError> {
    let mut text = |key| text(&mut options, key);
    let (url, name) = (text("url")?, text("name")?);
    let person = Person { name, company: text("company")?, email: text("email")? };
    let terms = if is_set(&mut options, "accept_terms")? { Terms::Accepted } else { Terms::Open };
    let proxy = proxy(&mut options)?;
    no_options(&options)?;
    let application = Application::new(terms, person, url.as_deref());
    let application = application.map_err(|error| BusError::arguments(error.to_string()))?;
    Ok(application.through(proxy))
}

fn proxy(options: &mut Options) -> Result<Option<Proxy>, BusError> {
    let proxy = text(options, "proxy")?.map(|text| Proxy::parse(&text)).transpose();
    proxy.map_err(|error| BusError::arguments(format!("option “proxy”: {error}")))
}

fn text(options: &mut Options, key: &str) -> Result<Option<String>, BusError> {
    let text = options.remove(key).map(String::try_from).transpose();
    text.map_err(|_| BusError::arguments(format!("option “{key}”: is no text")))
}

fn is_set(options: &mut Options, key: &str) -> Result<bool, BusError> {
    let set = options.remove(key).map(bool::try_from).transpose();
    set.map(Option::unwrap_or_default)
        .map_err(|_| BusError::arguments(format!("option “{key}”: is neither true nor false")))
}
