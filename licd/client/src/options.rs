//! The options of the methods.

use std::collections::HashMap;

use zbus::Variant;

/// Options by name.
pub(crate) type Options<'a> = HashMap<&'static str, Variant<'a>>;

/// What an import is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// A person wants the licence, also one that was removed on purpose.
    #[default]
    Explicit,
    /// No person has asked: what was removed on purpose stays away.
    Automatic,
    /// A verdict alone: nothing is stored.
    Check,
}

/// The options of an import. It has no debug output: it may hold passwords.
#[derive(Clone, Default)]
pub struct ImportOptions<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The user of the server, and the password.
    pub login: Option<(&'a str, &'a str)>,
    /// The address of a proxy, with its login; the configured one if absent.
    pub proxy: Option<&'a str>,
    /// Whether the caller sends another file at once, to be judged together with this one: a trust
    /// document before the licences that need it. For files only.
    pub more: bool,
}

/// Who asks for a licence, having accepted the terms, and by which way. It has no debug output: it holds a
/// person's data.
#[derive(Clone, Default)]
pub struct Applicant<'a> {
    /// The name.
    pub name: Option<&'a str>,
    /// The company.
    pub company: Option<&'a str>,
    /// The mail address.
    pub email: Option<&'a str>,
    /// The address of the licensing service; the configured one if absent.
    pub url: Option<&'a str>,
    /// The address of a proxy, with its login; the configured one if absent.
    pub proxy: Option<&'a str>,
}

impl<'a> ImportOptions<'a> {
    pub(crate) fn by_name(&self) -> Options<'a> {
        let purpose = match self.purpose {
            Purpose::Explicit => None,
            Purpose::Automatic => Some("automatic"),
            Purpose::Check => Some("check"),
        };
        let mut options: Options<'a> = purpose.into_iter().map(|key| (key, true.into())).collect();
        options.extend(self.more.then(|| ("more", true.into())));
        if let Some((user, password)) = self.login {
            options.extend([("user", user.into()), ("password", password.into())]);
        }
        options.extend(self.proxy.map(|proxy| ("proxy", proxy.into())));
        options
    }
}

impl<'a> Applicant<'a> {
    pub(crate) fn by_name(&self) -> Options<'a> {
        let Self { name, company, email, url, proxy } = *self;
        let texts = [
            ("name", name),
            ("company", company),
            ("email", email),
            ("url", url),
            ("proxy", proxy),
        ];
        let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text?.into())));
        texts.chain([("accept_terms", true.into())]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &Options<'_>) -> Vec<&'static str> {
        let mut names: Vec<_> = options.keys().copied().collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn only_what_is_chosen_becomes_an_option() {
        assert!(ImportOptions::default().by_name().is_empty());
        let login = Some(("anna", "secret"));
        let proxy = Some("http://p:1");
        let import = ImportOptions { purpose: Purpose::Check, login, proxy, more: true };
        assert_eq!(names(&import.by_name()), ["check", "more", "password", "proxy", "user"]);
        let applicant = Applicant { email: Some("a@b"), ..Applicant::default() };
        assert_eq!(names(&applicant.by_name()), ["accept_terms", "email"]);
    }
}
