//! What a screen reader learns of a window: the tree of AT-SPI, over its bus.

use zbus::{OwnedObjectPath, OwnedVariant};

use crate::client::Client;
use crate::wait;

const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
const ROOT: &str = "/org/a11y/atspi/accessible/root";
const REGISTRY: &str = "org.a11y.atspi.Registry";
/// Bits of a state set (AtspiStateType).
const FOCUSED: u32 = 12;
const SELECTED: u32 = 23;
const SENSITIVE: u32 = 24;
const VISIBLE: u32 = 30;

/// The name of a role (AtspiRole). GTK's own names of them are those of ARIA.
fn role_name(number: u32) -> &'static str {
    match number {
        2 => "alert",
        7 => "check box",
        23 => "frame",
        29 => "label",
        31 => "list",
        32 => "list item",
        37 => "page tab",
        38 => "page tab list",
        40 => "password text",
        42 => "progress bar",
        43 => "push button",
        44 => "radio button",
        61 => "text",
        75 => "application",
        _ => "other",
    }
}

/// An object: a widget, or a program.
#[derive(Debug, Clone)]
pub struct Accessible {
    client: Client,
    /// The program's name on the bus, and the path of the object.
    at: (String, String),
    /// The role, such as `push button`.
    pub role: String,
    /// The name that a screen reader says.
    pub name: String,
}

impl Accessible {
    /// The registry of a bus, whose children are programs.
    #[must_use]
    pub fn registry(client: &Client) -> Self {
        let at = (REGISTRY.to_owned(), ROOT.to_owned());
        Self { client: client.clone(), at, role: String::new(), name: String::new() }
    }

    fn call<R>(&self, interface: &str, method: &str) -> Option<R>
    where
        R: for<'d> zbus::wire::DynamicDeserialize<'d>,
    {
        // A widget may have gone since it was listed.
        self.client.call(&self.at.0, &self.at.1, interface, method, &()).ok()
    }

    /// The children that a screen reader is shown.
    #[must_use]
    pub fn children(&self) -> Vec<Self> {
        let children: Option<Vec<(String, OwnedObjectPath)>> = self.call(ACCESSIBLE, "GetChildren");
        let child = |(name, path): (String, OwnedObjectPath)| {
            let at = (name, path.to_string());
            let (role, name) = (String::new(), String::new());
            let child = Self { client: self.client.clone(), at, role, name };
            let role = role_name(child.call(ACCESSIBLE, "GetRole")?).to_owned();
            let name = child.property(ACCESSIBLE, "Name")?;
            Some(Self { role, name, ..child })
        };
        children.unwrap_or_default().into_iter().filter_map(child).collect()
    }

    fn property(&self, interface: &str, name: &str) -> Option<String> {
        let value: OwnedVariant = self
            .client
            .call(&self.at.0, &self.at.1, crate::client::PROPERTIES, "Get", &(interface, name))
            .ok()?;
        String::try_from(value).ok()
    }

    /// This object and everything below it that is shown, in reading order.
    #[must_use]
    pub fn shown(&self) -> Vec<Self> {
        let mut all = vec![self.clone()];
        for child in self.children() {
            if child.has(VISIBLE) || child.role == "application" {
                all.extend(child.shown());
            }
        }
        all
    }

    /// This object and everything below it, also what has been scrolled away.
    #[must_use]
    pub fn all(&self) -> Vec<Self> {
        let mut all = vec![self.clone()];
        all.extend(self.children().iter().flat_map(Self::all));
        all
    }

    fn has(&self, state: u32) -> bool {
        let states: Option<Vec<u32>> = self.call(ACCESSIBLE, "GetState");
        states.and_then(|states| states.first().copied()).is_some_and(|set| set >> state & 1 == 1)
    }

    /// Whether it has the focus.
    #[must_use]
    pub fn is_focused(&self) -> bool {
        self.has(FOCUSED)
    }

    /// Whether it is the chosen one.
    #[must_use]
    pub fn is_selected(&self) -> bool {
        self.has(SELECTED)
    }

    /// Whether it can be used now.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.has(SENSITIVE)
    }

    /// Its height in pixels.
    #[must_use]
    pub fn height(&self) -> i32 {
        let size: Option<(i32, i32)> = self.call("org.a11y.atspi.Component", "GetSize");
        size.map_or(0, |(_, height)| height)
    }

    /// The text of an entry or a label.
    #[must_use]
    pub fn text(&self) -> String {
        let all = (0_i32, -1_i32);
        let to = (self.at.0.as_str(), self.at.1.as_str());
        let text = self.client.call(to.0, to.1, "org.a11y.atspi.Text", "GetText", &all);
        text.unwrap_or_default()
    }

    /// Does its first action: presses a button, chooses a row.
    pub fn act(&self) -> bool {
        let to = (self.at.0.as_str(), self.at.1.as_str());
        let done = self.client.call(to.0, to.1, "org.a11y.atspi.Action", "DoAction", &0_i32);
        done.unwrap_or(false)
    }

    /// Everything that is shown, one object a line, for messages.
    #[must_use]
    pub fn dump(&self) -> String {
        let lines = self.shown().into_iter().map(|one| format!("{}: {:?}", one.role, one.name));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits for a shown object whose role and name fit.
    ///
    /// # Panics
    /// If the object does not appear in time; the message lists what is shown.
    #[must_use]
    pub fn find(&self, role: &str, name: &str) -> Self {
        let fits = |one: &Self| {
            (role.is_empty() || one.role == role)
                && (one.name.contains(name) || one.text().contains(name))
        };
        let found = wait::within(wait::DEADLINE, || self.shown().into_iter().find(|one| fits(one)));
        found.unwrap_or_else(|| panic!("no {role} “{name}” among\n{}", self.dump()))
    }
}
