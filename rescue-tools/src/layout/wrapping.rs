//! Where a text may be broken.

use unicode_width::UnicodeWidthStr as _;

use super::OUTDENT;

/// The bytes of the characters at the beginning of a text that fit into this many columns; those of
/// one at least.
pub(super) fn fitting(text: &str, columns: usize) -> usize {
    let mut ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let first = ends.next().unwrap_or(0);
    let fits = |end: &usize| text.get(..*end).is_some_and(|head| head.width() <= columns);
    ends.take_while(fits).last().unwrap_or(first)
}

/// Splits a text into words. A quotation between “ and ”, a command or a name, is one word if it
/// fits on a line.
pub(super) fn words(text: &str, width: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (word, after) = text.split_at(quoted(text, width).unwrap_or_else(|| blank(text, 0)));
        rest = after.strip_prefix(' ');
        Some(word)
    })
}

/// The end of the first word if it holds a quotation.
fn quoted(text: &str, width: usize) -> Option<usize> {
    let open = text.find('“').filter(|open| *open < blank(text, 0))?;
    let end = blank(text, open + text.get(open..)?.find('”')?);
    (text.get(..end)?.width() + OUTDENT <= width).then_some(end)
}

/// The position of the first blank at or after `from`, or the end of the text.
fn blank(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find(' ')).map_or(text.len(), |at| from + at)
}
