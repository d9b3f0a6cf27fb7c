//! The desktop's light or dark look. GTK follows its theme, fonts and scale by itself; the portal says
//! what the user prefers where the theme does not.

use gtk::gio::{DBusCallFlags, DBusProxy, DBusProxyFlags};
use gtk::glib::{self, Variant};
use gtk::prelude::*;

const PORTAL: (&str, &str, &str) = (
    "org.freedesktop.portal.Desktop",
    "/org/freedesktop/portal/desktop",
    "org.freedesktop.portal.Settings",
);
/// The key that all desktops share (XDG Desktop Portal, Settings).
const KEY: (&str, &str) = ("org.freedesktop.appearance", "color-scheme");
/// Its values; 0 is no preference.
const DARK: u32 = 1;
const LIGHT: u32 = 2;
/// How long the portal may take, in milliseconds: it starts with the session.
const ANSWER: i32 = 3000;

/// Follows the look from now on. Without a portal GTK's own settings count.
pub(super) fn follow_desktop() {
    glib::spawn_future_local(async {
        let (name, path, interface) = PORTAL;
        let flags = DBusProxyFlags::DO_NOT_LOAD_PROPERTIES;
        let bus = gtk::gio::BusType::Session;
        let proxy = DBusProxy::for_bus_future(bus, flags, None, name, path, interface);
        let Ok(proxy) = proxy.await else { return };
        proxy.connect_local("g-signal", false, |values| {
            let changes = values.get(3).and_then(|value| value.get::<Variant>().ok())?;
            let (space, key, value) = changes.get::<(String, String, Variant)>()?;
            if (space.as_str(), key.as_str()) == KEY {
                apply(&value);
            }
            None
        });
        let answer =
            proxy.call_future("Read", Some(&KEY.to_variant()), DBusCallFlags::NONE, ANSWER).await;
        if let Ok(answer) = answer {
            apply(&answer.child_value(0));
        }
        // The proxy lives as long as the program.
        std::future::pending::<()>().await;
        drop(proxy);
    });
}

/// Applies a value of [`KEY`], which the portal wraps once or twice.
fn apply(value: &Variant) {
    let mut value = value.clone();
    while let Some(inner) = value.as_variant() {
        value = inner;
    }
    let settings = gtk::Settings::default();
    match (value.get::<u32>(), settings) {
        (Some(DARK), Some(settings)) => settings.set_gtk_application_prefer_dark_theme(true),
        (Some(LIGHT), Some(settings)) => settings.set_gtk_application_prefer_dark_theme(false),
        _ => {}
    }
}
