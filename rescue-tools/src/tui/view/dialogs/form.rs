//! A form with its fields, its button and what is wrong with it.

use licensing_words::{Caption, Named, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Span;

use super::super::super::event::{Drawn, Effect};
use super::super::super::state::{Complaint, Field, FormKind, State, Value};
use super::super::{Look, MARKS, plain, put, selected};
use super::button;
use crate::layout::{Cell, Page};

/// Columns of the labels, with their gap.
const LABELS: u16 = 24;

/// Draws a form.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    kind: FormKind,
    look: Look,
) -> Drawn {
    let form = state.form(kind);
    let button = form.fields.len();
    // A low window shows the fields around the selected one.
    let rows = usize::from(area.height).saturating_sub(3).max(1);
    let first = (form.at + 1).saturating_sub(rows);
    for (number, y) in (first..=button).zip(area.top()..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        match form.fields.get(number) {
            Some(field) => {
                let may_be_configured = match field.caption {
                    Caption::Proxy => true,
                    caption => caption == Caption::Address && kind == FormKind::Activation,
                };
                let hint = may_be_configured.then_some(Caption::AsConfigured);
                draw_field(frame, row, field, hint, number == form.at, look);
            }
            None => draw_button(frame, row, state.effect, kind, number == form.at, look),
        }
    }
    if let Some(complaint) = &form.complaint {
        let used = u16::try_from(button + 2).unwrap_or(area.height);
        let used = used.min(area.height.saturating_sub(2));
        let rest = Rect { y: area.y + used, height: area.height - used, ..area };
        let mut page = Page::of_screen(area.width.into());
        page.row(&[], &[Cell::new(said(complaint, look), Tone::Bad)]);
        put(frame, rest, &page, 0, look);
    }
    Drawn::default()
}

fn said(complaint: &Complaint, look: Look) -> String {
    match complaint {
        Complaint::Needed(caption) => look.words.named(Named::Needed(look.words.caption(*caption))),
        Complaint::Port(text) => look.words.named(Named::NoPort(text)),
        Complaint::Sentence(caption) => look.words.caption(*caption).to_owned(),
        Complaint::Application(error) => look.words.application(error),
        Complaint::Message(message) => licensing_words::line(look.words, None, message),
    }
}

fn draw_field(
    frame: &mut Frame<'_>,
    row: Rect,
    field: &Field,
    hint: Option<Caption>,
    is_here: bool,
    look: Look,
) {
    let [label, value] =
        Layout::horizontal([Constraint::Length(LABELS), Constraint::Fill(1)]).areas(row);
    let mark = if is_here { MARKS[0] } else { MARKS[1] };
    let name = format!("{mark}{}", look.words.caption(field.caption));
    frame.render_widget(Span::raw(name), label);
    let width = usize::from(value.width.saturating_sub(1));
    match &field.value {
        Value::Switch(on) => {
            let answer = if *on { Caption::Yes } else { Caption::No };
            let text = format!("< {} >", look.words.caption(answer));
            let style = if is_here { selected() } else { Default::default() };
            frame.render_widget(Span::styled(text, style), value);
        }
        Value::Text(input) | Value::Secret(input) => {
            let scroll = input.visual_scroll(width);
            let text = match &field.value {
                Value::Secret(input) => "*".repeat(input.value().chars().count()),
                _ => plain(input.value()),
            };
            let shown: String = match hint.filter(|_| text.is_empty() && !is_here) {
                Some(hint) => format!("({})", look.words.caption(hint)),
                None => text.chars().skip(scroll).take(width).collect(),
            };
            frame.render_widget(Span::raw(shown), value);
            if is_here {
                let column = u16::try_from(input.visual_cursor().saturating_sub(scroll));
                frame.set_cursor_position((value.x + column.unwrap_or_default(), value.y));
            }
        }
    }
}

fn draw_button(
    frame: &mut Frame<'_>,
    row: Rect,
    effect: Effect,
    kind: FormKind,
    is_here: bool,
    look: Look,
) {
    let text = look.words.caption(match (kind, effect) {
        (FormKind::Activation, _) => Caption::Activate,
        (_, Effect::Import) => Caption::Import,
        (_, Effect::CheckOnly) => Caption::Check,
    });
    frame.render_widget(button(text, is_here), row);
}
