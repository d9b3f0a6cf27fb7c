//! The dialogues, each in place of the page.

mod form;

use licd_device::{Failure, FileVerdict, Left, Removed};
use licensing_words::{self as words, Caption, Named, Tone};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::super::event::{Drawn, Effect, Outcome};
use super::super::state::{
    Choice, Confirm, Dialog, Files, FormKind, Running, State, Sticks, Verdicts,
};
use super::{Look, MARKS, heading, plain, put, put_items, selected};
use crate::layout::{Cell, Page};

/// Columns of the bar of a download.
const BAR: usize = 40;

/// Draws a dialogue.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    dialog: &Dialog,
    look: Look,
) -> Drawn {
    let [top, _, rest] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1)])
            .areas(area);
    frame.render_widget(heading(plain(&title(state, dialog, look))), top);
    match dialog {
        Dialog::Sticks(sticks) => draw_sticks(frame, rest, sticks, look),
        Dialog::Files(files) => draw_files(frame, rest, files, look),
        Dialog::Form(kind) => form::draw(frame, rest, state, *kind, look),
        Dialog::Confirm(confirm) => draw_confirm(frame, rest, confirm, look),
        Dialog::Running(running) => put(frame, rest, &running_page(running, rest, look), 0, look),
        Dialog::Verdicts(verdicts) => {
            put(frame, rest, &verdicts_page(verdicts, rest, look), verdicts.at, look)
        }
    }
}

fn title(state: &State, dialog: &Dialog, look: Look) -> String {
    let caption = |caption| look.words.caption(caption).to_owned();
    let title = match dialog {
        Dialog::Sticks(_) => caption(Caption::ChooseStick),
        Dialog::Files(files) => format!("{}: {}", caption(Caption::ChooseFile), files.stick.name),
        Dialog::Form(FormKind::Address) => caption(Caption::FromAddress),
        Dialog::Form(FormKind::Ftp) => caption(Caption::FromFtp),
        Dialog::Form(FormKind::File) => caption(Caption::FromFile),
        Dialog::Form(FormKind::Activation) => return caption(Caption::FromService),
        Dialog::Confirm(_) => return caption(Caption::Remove),
        Dialog::Verdicts(_) => return caption(Caption::Result),
        Dialog::Running(running) => {
            return caption(if running.cancelling { Caption::Cancelling } else { running.caption });
        }
    };
    match state.effect {
        Effect::Import => title,
        Effect::CheckOnly => format!("{title} [{}]", caption(Caption::CheckOnly)),
    }
}

fn draw_sticks(frame: &mut Frame<'_>, area: Rect, sticks: &Sticks, look: Look) -> Drawn {
    let mut page = Page::of_screen(area.width.into());
    if sticks.pulled {
        page.row(&[], &[Cell::new(look.words.caption(Caption::StickPulled), Tone::Caution)]);
    }
    match &sticks.list {
        None => page.row(&[], &[look.words.caption(Caption::Reading).into()]),
        Some(Err(failure)) => refused(failure, &mut page, look),
        Some(Ok(list)) if list.is_empty() && !sticks.pulled => {
            page.row(&[], &[look.words.caption(Caption::NoStick).into()]);
        }
        Some(Ok(_)) => {}
    }
    let list = sticks.list.as_ref().and_then(|list| list.as_ref().ok());
    let items =
        list.map_or(&[][..], Vec::as_slice).iter().map(|stick| vec![Cell::from(&stick.name)]);
    below(frame, area, &page, &items.collect::<Vec<_>>(), sticks.at, look)
}

fn draw_files(frame: &mut Frame<'_>, area: Rect, files: &Files, look: Look) -> Drawn {
    let mut page = Page::of_screen(area.width.into());
    let all = look.words.caption(Caption::AllFiles);
    let items: Vec<Vec<Cell>> = match &files.list {
        None => {
            page.row(&[], &[look.words.caption(Caption::Reading).into()]);
            Vec::new()
        }
        Some(Err(failure)) => {
            refused(failure, &mut page, look);
            Vec::new()
        }
        Some(Ok(list)) => {
            let names = list.iter().map(|name| vec![Cell::from(name)]);
            std::iter::once(vec![all.into()]).chain(names).collect()
        }
    };
    below(frame, area, &page, &items, files.at, look)
}

/// Draws items below a text.
fn below(
    frame: &mut Frame<'_>,
    area: Rect,
    page: &Page,
    items: &[Vec<Cell>],
    at: usize,
    look: Look,
) -> Drawn {
    let rows = u16::try_from(page.lines().len()).unwrap_or(area.height);
    let gap = u16::from(rows > 0);
    let [top, _, rest] =
        Layout::vertical([Constraint::Length(rows), Constraint::Length(gap), Constraint::Fill(1)])
            .areas(area);
    put(frame, top, page, 0, look);
    put_items(frame, rest, items, at, look)
}

fn refused(failure: &Failure, page: &mut Page, look: Look) {
    let message = words::line(look.words, Some(failure.code), &failure.message);
    page.row(&[], &[Cell::new(message, Tone::Bad)]);
}

fn button(text: &str, is_here: bool) -> Line<'static> {
    match is_here {
        true => {
            Line::from(vec![Span::raw(MARKS[0]), Span::styled(format!("[ {text} ]"), selected())])
        }
        false => Line::raw(format!("{}[ {text} ]", MARKS[1])),
    }
}

fn draw_confirm(frame: &mut Frame<'_>, area: Rect, confirm: &Confirm, look: Look) -> Drawn {
    let what = look.words.selector(&confirm.selector);
    let mut page = Page::of_screen(area.width.into());
    page.row(&[], &[look.words.named(Named::RemoveQuestion(&what)).into()]);
    page.row(&[], &[look.words.caption(Caption::RemovalStops).into()]);
    page.gap();
    let drawn = put(frame, area, &page, 0, look);
    let top = area.y + u16::try_from(page.lines().len()).unwrap_or_default();
    let choices = [(Choice::Keep, Caption::Keep), (Choice::Remove, Caption::Remove)];
    for (y, (choice, caption)) in (top..area.bottom()).zip(choices) {
        let text = look.words.caption(caption);
        let area = Rect { y, height: 1, ..area };
        frame.render_widget(button(text, choice == confirm.choice), area);
    }
    drawn
}

fn running_page(running: &Running, area: Rect, look: Look) -> Page {
    let mut page = Page::of_screen(area.width.into());
    page.row(&[], &[Cell::from(&running.name)]);
    page.gap();
    if running.done > 0 {
        let received = Named::Received(running.done, running.total);
        page.row(&[], &[look.words.named(received).into()]);
    }
    if let Some(total) = running.total.filter(|total| *total > 0) {
        let part = u128::from(running.done.min(total)) * BAR as u128 / u128::from(total);
        let full = usize::try_from(part).unwrap_or(BAR);
        page.exact(&format!("[{}{}]", "#".repeat(full), ".".repeat(BAR - full)));
    }
    page
}

fn verdicts_page(verdicts: &Verdicts, area: Rect, look: Look) -> Page {
    let mut page = Page::of_screen(area.width.into());
    let caption = |caption| look.words.caption(caption);
    match &verdicts.outcome {
        Outcome::Files(files) => {
            files.iter().for_each(|file| verdict(file, &mut page, look));
            if verdicts.effect == Some(Effect::CheckOnly) {
                page.row(&[], &[caption(Caption::CheckedOnly).into()]);
            }
        }
        Outcome::Nothing(message) => {
            page.row(&[], &[words::line(look.words, None, message).into()]);
        }
        Outcome::Cancelled => page.row(&[], &[caption(Caption::Cancelled).into()]),
        Outcome::Withdrawn(withdrawn) => page.row(&[], &[caption((*withdrawn).into()).into()]),
        Outcome::Removed(Removed { count, left }) => {
            page.row(&[], &[look.words.removed(*count).into()]);
            for Left { file, pack, class } in left {
                page.gap();
                page.row(&[], &[look.words.stays(pack, class).into()]);
                page.text_at(2, file);
            }
        }
        Outcome::Failed(failure) => {
            page.row(&[], &[Cell::new(failure.code.as_str(), Tone::Bad)]);
            page.text_at(2, words::line(look.words, Some(failure.code), &failure.message));
        }
    }
    for warning in &verdicts.warnings {
        page.gap();
        page.row(&[], &[Cell::new(warning, Tone::Caution)]);
    }
    page
}

/// The name has lines of its own, so that one written from right to left leaves the message alone.
fn verdict(file: &FileVerdict, page: &mut Page, look: Look) {
    let tone = if file.code.is_accepted() { Tone::Good } else { Tone::Bad };
    page.row(&[], &[Cell::from(&file.file)]);
    page.row(&[2], &["".into(), Cell::new(file.code.as_str(), tone)]);
    page.text_at(4, look.words.message(file.code, &file.message));
    page.gap();
}
