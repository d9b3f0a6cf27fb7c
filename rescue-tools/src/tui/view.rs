//! Draws the screen from the state alone.
//!
//! It uses characters that the Linux console has (code page 437), and no meaning rests on colour: the
//! selected item has a mark in front of it.

mod dialogs;
mod digits;
mod pages;
#[cfg(test)]
mod tests;

use licensing_words::{Caption, Help, Tone, Words};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{self, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::event::{By, Drawn};
use super::state::{Dialog, Page as Tab, State};
use crate::layout::{Cell, Color, Page};

/// Columns and rows below which nothing fits.
const SMALLEST: (u16, u16) = (40, 10);
/// The mark of the selected item, and of the others.
const MARKS: [&str; 2] = ["> ", "  "];

/// How the user reads the screen.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) words: &'static dyn Words,
    pub(super) color: Color,
}

/// Draws the screen; returns how far its text scrolls.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, look: Look) -> Drawn {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(frame, state, look);
        return Drawn::default();
    }
    let [tabs, _, body, help] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_tabs(frame, tabs, state, look);
    draw_help(frame, help, state, look);
    let body = draw_trouble(frame, body, state, look);
    match &state.dialog {
        Some(dialog) => dialogs::draw(frame, body, state, dialog, look),
        None => pages::draw(frame, body, state, look),
    }
}

/// What is most needed on the phone, in whatever room there is.
fn too_small(frame: &mut Frame<'_>, state: &State, look: Look) {
    let mut page = Page::of_screen(frame.area().width.into());
    page.row(&[], &[look.words.caption(Caption::TooSmall).into()]);
    if let Some(unit) = state.seen.as_ref().and_then(|seen| seen.report.unit_id.as_ref()) {
        page.row(&[], &[unit.to_string().into()]);
    }
    put(frame, frame.area(), &page, 0, look);
}

fn draw_tabs(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) {
    let tab = |(number, page): (usize, Tab)| {
        let name = look.words.caption(match page {
            Tab::Device => Caption::Device,
            Tab::Features => Caption::Features,
            Tab::Licenses => Caption::Licenses,
            Tab::Import => Caption::Import,
            Tab::Remove => Caption::Remove,
            Tab::Activate => Caption::Activate,
        });
        match page == state.page {
            true => Span::styled(format!("[{number} {name}]"), selected()),
            false => Span::raw(format!(" {number} {name} ")),
        }
    };
    let tabs: Vec<_> = (1..).zip(Tab::ALL).map(tab).collect();
    frame.render_widget(Line::from(tabs), area);
}

fn draw_help(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) {
    let help = match &state.dialog {
        None => match state.page {
            Tab::Device | Tab::Features => Help::Text,
            Tab::Licenses | Tab::Import | Tab::Remove | Tab::Activate => Help::List,
        },
        Some(Dialog::Sticks(_) | Dialog::Files(_)) => Help::Dialog,
        Some(Dialog::Form(_)) => Help::Form,
        Some(Dialog::Confirm(_)) => Help::Confirm,
        Some(Dialog::Running(running)) => match running.effect {
            Some(_) if !running.cancelling => Help::Running,
            _ => Help::Waiting,
        },
        Some(Dialog::Verdicts(_)) => Help::Result,
    };
    let by = state.seen.as_ref().map(|seen| match seen.by {
        By::Daemon => Caption::WithDaemon,
        By::Device => Caption::WithoutDaemon,
    });
    let by = by.map_or("", |by| look.words.caption(by));
    let [left, right] = Layout::horizontal([
        Constraint::Fill(1),
        Constraint::Length(u16::try_from(by.len()).unwrap_or_default()),
    ])
    .areas(area);
    frame.render_widget(Span::raw(look.words.help(help)), left);
    frame.render_widget(Span::raw(by), right);
}

/// Draws why no newer report has come; returns the area that is left.
fn draw_trouble(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) -> Rect {
    let Some(trouble) = &state.trouble else { return area };
    let mut page = Page::of_screen(area.width.into());
    page.row(&[], &[Cell::new(look.words.caption(Caption::Stale), Tone::Caution)]);
    let why = licensing_words::line(look.words, Some(trouble.code), &trouble.message);
    page.text_at(2, Cell::new(why, Tone::Caution));
    let rows = u16::try_from(page.lines().len()).unwrap_or(area.height).min(area.height / 2);
    let [top, _, rest] =
        Layout::vertical([Constraint::Length(rows), Constraint::Length(1), Constraint::Fill(1)])
            .areas(area);
    put(frame, top, &page, 0, look);
    rest
}

/// Draws a page from its line `at` on, with a mark where more is hidden; returns how far it scrolls.
fn put(frame: &mut Frame<'_>, area: Rect, page: &Page, at: usize, look: Look) -> Drawn {
    let rows = usize::from(area.height);
    let last = page.lines().len().saturating_sub(rows);
    let at = at.min(last);
    let visible = page.lines().iter().skip(at).take(rows);
    let lines: Vec<_> = visible.map(|line| styled(line, look)).collect();
    frame.render_widget(Paragraph::new(lines), area);
    mark_hidden(frame, area, at > 0, at < last);
    Drawn { last, rows }
}

/// Draws items with the selected one in view.
fn put_items(
    frame: &mut Frame<'_>,
    area: Rect,
    items: &[Vec<Cell>],
    at: usize,
    look: Look,
) -> Drawn {
    let rows = usize::from(area.height).max(1);
    let last = items.len().saturating_sub(rows);
    let first = at.saturating_sub(rows / 2).min(last);
    let item = |(number, cells): (usize, &Vec<Cell>)| {
        let (mark, style) = match number == at {
            true => (MARKS[0], selected()),
            false => (MARKS[1], Style::new()),
        };
        let mut line = styled(cells, look);
        line.spans.insert(0, Span::raw(mark));
        line.patch_style(style)
    };
    let visible = items.iter().enumerate().skip(first).take(rows);
    let lines: Vec<_> = visible.map(item).collect();
    frame.render_widget(Paragraph::new(lines), area);
    mark_hidden(frame, area, first > 0, first < last);
    Drawn { last, rows }
}

/// Marks in the last column that there is more above or below.
fn mark_hidden(frame: &mut Frame<'_>, area: Rect, above: bool, below: bool) {
    let right = area.right().saturating_sub(1);
    for (hidden, mark, row) in
        [(above, "^", area.top()), (below, "v", area.bottom().saturating_sub(1))]
    {
        if hidden && area.height > 0 {
            frame.buffer_mut().set_string(right, row, mark, selected());
        }
    }
}

fn styled(cells: &[Cell], look: Look) -> Line<'static> {
    let span = |cell: &Cell| Span::styled(plain(&cell.text), toned(cell.tone, look));
    Line::from(cells.iter().map(span).collect::<Vec<_>>())
}

fn toned(tone: Tone, look: Look) -> Style {
    let color = match tone {
        Tone::Plain => None,
        Tone::Good => Some(style::Color::Green),
        Tone::Caution => Some(style::Color::Yellow),
        Tone::Bad => Some(style::Color::Red),
    };
    match color.filter(|_| look.color == Color::Shown) {
        Some(color) => Style::new().fg(color),
        None => Style::new(),
    }
}

/// The style of the selected item, beside its mark.
fn selected() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

/// The style of headings.
fn heading(text: impl Into<String>) -> Line<'static> {
    Line::styled(text.into(), Style::new().add_modifier(Modifier::BOLD))
}

/// A text without the typographic signs that the console lacks, each as wide as before.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '“' | '”' | '„' => '"',
            '‘' | '’' => '\'',
            '–' | '—' => '-',
            '…' => '~',
            c => c,
        })
        .collect()
}
