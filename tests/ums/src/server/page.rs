//! The page: devices, packs and licences, with what an administrator does to them. Plain HTML, so that
//! the keyboard works as in every form; the colours follow the browser.

use maud::{DOCTYPE, Markup, html};

use super::console::{search, view};
use crate::command::Form;
use crate::error::UmsError;
use crate::fleet::profile::RemovalProfile;
use crate::fleet::views::{DeviceRow, LicenceRow, LicenceSearch, PackRow};
use crate::ums::Ums;

/// The views: their names in addresses and for people.
const VIEWS: [(&str, &str); 4] = [
    ("all", "All devices"),
    ("unlicensed", "Unlicensed"),
    ("expired", "Expired"),
    ("endless", "Endless"),
];
/// The categories of licences.
const CATEGORIES: [&str; 4] = ["", "maintenance", "subscription", "add-on"];
/// What the names of services begin with.
const PREFIX: &str = "SUB_SERVICE_SET_";

const STYLE: &str = include_str!("page.css");

/// The page that a query asks for.
pub(super) fn render(ums: &Ums, query: &Form) -> Result<String, UmsError> {
    let devices = ums.devices(view(query)?)?;
    let packs = ums.packs()?;
    let search = search(query);
    let licences = ums.licences(&search)?;
    let events = ums.events()?;
    let message = query.get("message");
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "UMS" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                header { h1 { "Licences of the fleet" } (sections()) }
                main {
                    @if !message.is_empty() { p role="status" { (message) } }
                    (device_section(&devices, &packs, query))
                    (pack_section(&packs))
                    (licence_section(&licences, &search))
                    (event_section(&events))
                }
            }
        }
    }
    .into_string())
}

fn sections() -> Markup {
    html! {
        nav aria-label="Sections" {
            @for name in ["Devices", "Packs", "Licences", "Events"] {
                a href={ "#" (name.to_lowercase()) } { (name) } " "
            }
        }
    }
}

fn device_section(devices: &[DeviceRow], packs: &[PackRow], query: &Form) -> Markup {
    html! {
        section id="devices" aria-labelledby="devices-title" {
            h2 id="devices-title" { "Devices (" (devices.len()) ")" }
            (views(query))
            table {
                thead { tr {
                    @for title in ["Unit ID", "MAC address", "Serial number", "OS", "State",
                                   "Services", "Packs", "Settings", "Actions"] {
                        th scope="col" { (title) }
                    }
                } }
                tbody { @for device in devices { (device_row(device, packs)) } }
            }
        }
    }
}

fn views(query: &Form) -> Markup {
    let current = query.get("view");
    html! {
        nav aria-label="Views" {
            @for (name, title) in VIEWS {
                a href={ "/?view=" (name) } aria-current=[(current == name).then_some("page")] {
                    (title)
                } " "
            }
        }
        form action="/" {
            input type="hidden" name="view" value="expires";
            label { "Expires between " input type="date" name="from" required value=(query.get("from")); }
            label { " and " input type="date" name="to" required value=(query.get("to")); }
            button { "Show" }
        }
    }
}

fn device_row(device: &DeviceRow, packs: &[PackRow]) -> Markup {
    let settings = match (device.is_refused, device.is_current, device.is_frozen) {
        (true, ..) => "unit ID in use by another device",
        (_, false, _) => "on their way",
        (_, true, true) => "current; configuration frozen",
        (_, true, false) => "current",
    };
    html! {
        tr {
            th scope="row" { code { (device.unit) } }
            td { code { (device.mac) } }
            td { (device.serial) }
            td { (device.os) }
            td { span class={ "state " (device.state) } { (device.state) } }
            td { ul { @for service in &device.services {
                li {
                    (service.service.trim_start_matches(PREFIX)) ": "
                    span class={ "state " (service.state) } { (service.status) }
                    @if !service.expires.is_empty() {
                        " " (if service.expires == "never" { "endless" } else { &service.expires })
                    }
                }
            } } }
            td { ul { @for pack in &device.packs { li {
                (pack) " "
                form method="post" action="/do/remove" {
                    (unit(device)) input type="hidden" name="pack" value=(pack);
                    button { "Remove from pack" (of(device)) }
                }
            } } } }
            td { (settings) br; small { "seen " (device.seen) } }
            td { @if !device.is_refused { (actions(device, packs)) } }
        }
    }
}

/// Names the device for users who hear the page.
fn of(device: &DeviceRow) -> Markup {
    html! { span class="hidden" { " of " (device.unit) } }
}

fn unit(device: &DeviceRow) -> Markup {
    html! { input type="hidden" name="unit" value=(device.unit); }
}

fn actions(device: &DeviceRow, packs: &[PackRow]) -> Markup {
    html! {
        form method="post" action="/do/deploy" {
            (unit(device))
            select name="pack" aria-label={ "Pack for " (device.unit) } {
                option value="" { "as conditions say" }
                @for pack in packs { option { (pack.pack) } }
            }
            button { "Deploy" (of(device)) }
        }
        form method="post" action="/do/profile" {
            (unit(device))
            select name="profile" aria-label={ "Removal profile of " (device.unit) } {
                @for profile in RemovalProfile::ALL {
                    option value=(profile.selector())
                        selected[profile.selector() == device.removal] { (profile.name()) }
                }
            }
            button { "Assign" (of(device)) }
        }
        form method="post" action="/do/refresh" {
            (unit(device))
            button { "Refresh licence information" (of(device)) }
        }
    }
}

fn pack_section(packs: &[PackRow]) -> Markup {
    html! {
        section id="packs" aria-labelledby="packs-title" {
            h2 id="packs-title" { "Packs (" (packs.len()) ")" }
            table {
                thead { tr {
                    @for title in ["Pack", "Product", "Category", "Subscription Key", "Order", "Status",
                                   "From", "Until", "Seats", "Deployment"] {
                        th scope="col" { (title) }
                    }
                } }
                tbody { @for pack in packs { (pack_row(pack)) } }
            }
        }
    }
}

fn pack_row(pack: &PackRow) -> Markup {
    let by_itself = if pack.automatic { "automatic" } else { "by hand" };
    let conditions = match pack.conditions.is_empty() {
        true => String::new(),
        false => format!(": {}", pack.conditions.join(", ")),
    };
    html! {
        tr {
            th scope="row" { code { (pack.pack) } }
            td { (pack.product) }
            td { (pack.category) }
            td { (pack.key) }
            td { (pack.order) }
            td { (pack.status) }
            td { (pack.starts) }
            td { (if pack.expires == "never" { "endless" } else { &pack.expires }) }
            td {
                (pack.used)
                @if let Some(seats) = pack.seats {
                    " of " (seats) " "
                    meter aria-label={ "Seats used of " (pack.pack) } min="0" max=(seats) value=(pack.used) {}
                }
            }
            td { (by_itself) (conditions) @if pack.exchange { ", takes over earlier packs" } }
        }
    }
}

fn licence_section(licences: &[LicenceRow], search: &LicenceSearch) -> Markup {
    html! {
        section id="licences" aria-labelledby="licences-title" {
            h2 id="licences-title" { "Licences (" (licences.len()) ")" }
            form action="/#licences" {
                label { "Order " input name="order" value=(search.order); }
                label { " Category " select name="category" {
                    @for category in CATEGORIES {
                        option selected[category == search.category] { (category) }
                    }
                } }
                label { " Pack " input name="pack" value=(search.pack); }
                label { " Expires until " input type="date" name="until" value=(search.until); }
                label { " Unit ID " input name="unit" value=(search.unit); }
                button { "Search" }
            }
            table {
                thead { tr {
                    @for title in ["Unit ID", "Pack", "Category", "Order", "Until"] {
                        th scope="col" { (title) }
                    }
                } }
                tbody { @for licence in licences {
                    tr {
                        th scope="row" { code { (licence.unit) } }
                        td { (licence.pack) }
                        td { (licence.category) }
                        td { (licence.order) }
                        td { (if licence.expires == "never" { "endless" } else { &licence.expires }) }
                    }
                } }
            }
        }
    }
}

fn event_section(events: &[String]) -> Markup {
    html! {
        section id="events" aria-labelledby="events-title" {
            h2 id="events-title" { "Events" }
            ul { @for event in events { li { (event) } } }
        }
    }
}
