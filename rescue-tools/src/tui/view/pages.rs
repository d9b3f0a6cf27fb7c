//! The pages.

use licd_device::Report;
use licensing_words::{
    self as words, Caption, Column, Feature, Label, License, Line, Named, Overview, Refusal,
    Surface, Tone,
};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use super::super::event::{Drawn, Effect, Seen};
use super::super::state::{Activate, FormKind, From, Page as Tab, State};
use super::{Look, digits, heading, put, put_items};
use crate::layout::{Cell, Page};
use crate::verbs::status;

/// The columns of features: name and answer.
const FEATURE: [usize; 2] = [26, 8];
/// Rows of the details of the selected licence or file.
const DETAILS: u16 = 7;
/// The columns of a licence, each with its gap.
const LICENSE: [(Column, usize); 6] = [
    (Column::Pack, 11),
    (Column::Serial, 8),
    (Column::Product, 10),
    (Column::Term, 14),
    (Column::Expires, 12),
    (Column::State, 20),
];

/// Draws the page that is open.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) -> Drawn {
    let Some(seen) = &state.seen else {
        let mut page = Page::of_screen(area.width.into());
        page.row(&[], &[look.words.caption(Caption::Starting).into()]);
        return put(frame, area, &page, 0, look);
    };
    match state.page {
        Tab::Device => put(frame, area, &device(seen, area.width, look), state.at(), look),
        Tab::Features => {
            put(frame, area, &features(&seen.report, area.width, look), state.at(), look)
        }
        Tab::Licenses => licenses(frame, area, &seen.report, state.at(), look),
        Tab::Import => import(frame, area, state, look),
        Tab::Remove => remove(frame, area, state, look),
        Tab::Activate => {
            let item = |choice: &Activate| {
                let caption = match choice {
                    Activate::Ask => Caption::FromService,
                    Activate::Withdraw => Caption::CancelRequest,
                };
                vec![look.words.caption(caption).into()]
            };
            let items: Vec<_> = state.activation().iter().map(item).collect();
            put_items(frame, area, &items, state.at(), look)
        }
    }
}

/// The unit ID in large letters and the serial number, which are asked for on the phone, then the status.
fn device(Seen { report, plan, .. }: &Seen, width: u16, look: Look) -> Page {
    let mut page = Page::of_screen(width.into());
    if let Some(unit) = &report.unit_id {
        for row in digits::large(&unit.to_string(), width.into()) {
            page.exact(&row);
        }
        page.gap();
    }
    let mut overview = Overview::of(report, plan.as_deref(), look.words, Surface::Window);
    let is_asked_for = |line: &mut Line| matches!(line.label, Some(Label::UnitId | Label::Serial));
    let asked_for: Vec<_> = overview.well.extract_if(.., is_asked_for).collect();
    let facts =
        asked_for.into_iter().filter_map(|line| Some((look.words.label(line.label?), line.text)));
    page.facts(&facts.collect::<Vec<_>>());
    status::lay_out(&overview, look.words, &mut page);
    page
}

fn features(report: &Report, width: u16, look: Look) -> Page {
    let mut page = Page::of_screen(width.into());
    let heading = [Column::Feature, Column::Allowed, Column::Why];
    let heading = heading.map(|column| Cell::from(look.words.column(column))).into();
    let row = |feature: Feature<'_>| {
        let answer = Cell::new(look.words.allowed(feature.allowed), feature.tone);
        vec![feature.name.into(), answer, feature.why.into()]
    };
    let rows = words::features(report, look.words).into_iter().map(row);
    page.table(&FEATURE, &std::iter::once(heading).chain(rows).collect::<Vec<_>>());
    page
}

/// The licences, then the files that are not used, and the details of the selected one.
fn licenses(frame: &mut Frame<'_>, area: Rect, report: &Report, at: usize, look: Look) -> Drawn {
    let licenses = words::licenses(report, look.words);
    let refusals = words::refusals(report, look.words);
    if licenses.is_empty() && refusals.is_empty() {
        return sentence(frame, area, Caption::StoreEmpty, look);
    }
    let [top, list, _, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(DETAILS.min(area.height / 2)),
    ])
    .areas(area);
    let columns = LICENSE.map(|(column, width)| (look.words.column(column), width));
    frame.render_widget(heading(format!("  {}", columns_of(&columns))), top);
    let rows = licenses.iter().map(|license| license_row(license, look));
    let others = refusals.iter().map(refusal_row);
    let items: Vec<_> = rows.chain(others).collect();
    let drawn = put_items(frame, list, &items, at, look);
    let mut page = Page::of_screen(area.width.into());
    match (licenses.get(at), at.checked_sub(licenses.len()).and_then(|at| refusals.get(at))) {
        (Some(license), _) => license_details(license, look, &mut page),
        (None, Some(refusal)) => refusal_details(refusal, &mut page),
        (None, None) => {}
    }
    put(frame, bottom, &page, 0, look);
    drawn
}

fn license_row(License { report, state, tone, .. }: &License<'_>, look: Look) -> Vec<Cell> {
    let expires = look.words.named(Named::LastDay(report.expires));
    let serial = report.serial.to_string();
    let texts = [
        report.pack.as_str(),
        &serial,
        report.product.as_str(),
        look.words.term(report.term),
        &expires,
    ];
    let widths = LICENSE.map(|(_, width)| width);
    let columns: Vec<_> = texts.into_iter().zip(widths).collect();
    vec![columns_of(&columns).into(), Cell::new(state, *tone)]
}

fn refusal_row(Refusal { file, code, .. }: &Refusal<'_>) -> Vec<Cell> {
    vec![Cell::new(format!("{:<19}", code.as_str()), Tone::Bad), (*file).into()]
}

fn license_details(License { report, product, .. }: &License<'_>, look: Look, page: &mut Page) {
    let product = product.unwrap_or(report.product.as_str());
    let facts = [
        (Column::Product, product.to_owned()),
        (Column::Pack, format!("{} {}", report.pack, report.serial)),
        (Column::Starts, report.starts.to_string()),
        (Column::Expires, look.words.named(Named::LastDay(report.expires))),
        (Column::Order, report.order.as_ref().map(ToString::to_string).unwrap_or_default()),
        (Column::FileName, report.file.to_string()),
    ];
    let facts = facts.map(|(column, value)| (look.words.column(column), value));
    page.facts(&facts);
}

/// The name has lines of its own, so that one written from right to left leaves the message alone.
fn refusal_details(Refusal { file, code, message }: &Refusal<'_>, page: &mut Page) {
    page.row(&[], &[Cell::new(code.as_str(), Tone::Bad)]);
    page.text_at(2, message);
    page.text_at(2, file);
}

fn import(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) -> Drawn {
    let item = |from: From| {
        let caption = match from {
            From::Stick => Caption::FromStick,
            From::Form(FormKind::Address) => Caption::FromAddress,
            From::Form(FormKind::Ftp) => Caption::FromFtp,
            From::Form(FormKind::File) => Caption::FromFile,
            From::Form(FormKind::Activation) => Caption::FromService,
            From::CheckOnly => Caption::CheckOnly,
        };
        let text = look.words.caption(caption);
        vec![match (from, state.effect) {
            (From::CheckOnly, Effect::Import) => format!("[ ] {text}").into(),
            (From::CheckOnly, Effect::CheckOnly) => format!("[x] {text}").into(),
            _ => text.into(),
        }]
    };
    put_items(frame, area, &From::ALL.map(item), state.at(), look)
}

fn remove(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) -> Drawn {
    let selectors = state.selectors();
    if selectors.is_empty() {
        return sentence(frame, area, Caption::NoLicenses, look);
    }
    let items: Vec<_> =
        selectors.iter().map(|selector| vec![look.words.selector(selector).into()]).collect();
    put_items(frame, area, &items, state.at(), look)
}

fn sentence(frame: &mut Frame<'_>, area: Rect, caption: Caption, look: Look) -> Drawn {
    let mut page = Page::of_screen(area.width.into());
    page.row(&[], &[look.words.caption(caption).into()]);
    put(frame, area, &page, 0, look)
}

/// Texts in columns; one that is too long is cut, because its details show it whole.
fn columns_of(columns: &[(&str, usize)]) -> String {
    let column = |(text, width): &(&str, usize)| {
        let shown: String = text.chars().take(width - 1).collect();
        format!("{shown:<width$}")
    };
    columns.iter().map(column).collect()
}
