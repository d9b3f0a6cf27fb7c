//! Unit IDs in large letters, to be read over the phone. Zeros are crossed, so that they do not look
//! like an O or a D.

/// Rows of a letter.
const HEIGHT: usize = 5;
/// Columns of a letter.
const WIDTH: usize = 5;
/// Columns of a letter with the gap after it.
const STEP: usize = WIDTH + 1;
/// The letters that stand together; a wider gap follows. People read an ID in pairs.
const GROUP: usize = 2;
/// A dot of a letter: the full block of code page 437.
const DOT: char = '█';

/// The rows of each letter; the highest of five bits is the left column.
const LETTERS: [(char, [u8; HEIGHT]); 37] = [
    ('#', [0b01010, 0b11111, 0b01010, 0b11111, 0b01010]),
    ('0', [0b01110, 0b10011, 0b10101, 0b11001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b11110, 0b00001, 0b01110, 0b10000, 0b11111]),
    ('3', [0b11110, 0b00001, 0b01110, 0b00001, 0b11110]),
    ('4', [0b10010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b11110]),
    ('6', [0b01110, 0b10000, 0b11110, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00010, 0b00100, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b01110, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b01111, 0b00001, 0b01110]),
    ('A', [0b01110, 0b10001, 0b11111, 0b10001, 0b10001]),
    ('B', [0b11110, 0b10001, 0b11110, 0b10001, 0b11110]),
    ('C', [0b01111, 0b10000, 0b10000, 0b10000, 0b01111]),
    ('D', [0b11110, 0b10001, 0b10001, 0b10001, 0b11110]),
    ('E', [0b11111, 0b10000, 0b11100, 0b10000, 0b11111]),
    ('F', [0b11111, 0b10000, 0b11100, 0b10000, 0b10000]),
    ('G', [0b01111, 0b10000, 0b10011, 0b10001, 0b01111]),
    ('H', [0b10001, 0b10001, 0b11111, 0b10001, 0b10001]),
    ('I', [0b01110, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('J', [0b00111, 0b00010, 0b00010, 0b10010, 0b01100]),
    ('K', [0b10001, 0b10010, 0b11100, 0b10010, 0b10001]),
    ('L', [0b10000, 0b10000, 0b10000, 0b10000, 0b11111]),
    ('M', [0b10001, 0b11011, 0b10101, 0b10001, 0b10001]),
    ('N', [0b10001, 0b11001, 0b10101, 0b10011, 0b10001]),
    ('O', [0b01110, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('P', [0b11110, 0b10001, 0b11110, 0b10000, 0b10000]),
    ('Q', [0b01110, 0b10001, 0b10101, 0b10010, 0b01101]),
    ('R', [0b11110, 0b10001, 0b11110, 0b10010, 0b10001]),
    ('S', [0b01111, 0b10000, 0b01110, 0b00001, 0b11110]),
    ('T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('U', [0b10001, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('V', [0b10001, 0b10001, 0b10001, 0b01010, 0b00100]),
    ('W', [0b10001, 0b10001, 0b10101, 0b11011, 0b10001]),
    ('X', [0b10001, 0b01010, 0b00100, 0b01010, 0b10001]),
    ('Y', [0b10001, 0b01010, 0b00100, 0b00100, 0b00100]),
    ('Z', [0b11111, 0b00010, 0b00100, 0b01000, 0b11111]),
];

/// The rows of a text in large letters, with an empty row between its lines; each fits into `width`
/// columns, which must hold a pair. Letters that the table lacks are left out.
pub(super) fn large(text: &str, width: usize) -> Vec<String> {
    let letters: Vec<_> = text.chars().filter_map(letter).collect();
    let groups = (width + 2) / (GROUP * STEP + 1);
    let mut rows = Vec::new();
    for line in letters.chunks(GROUP * groups.max(1)) {
        if !rows.is_empty() {
            rows.push(String::new());
        }
        rows.extend((0..HEIGHT).map(|row| row_of(line, row)));
    }
    rows
}

fn letter(c: char) -> Option<[u8; HEIGHT]> {
    LETTERS.iter().find(|(known, _)| *known == c).map(|(_, rows)| *rows)
}

fn row_of(letters: &[[u8; HEIGHT]], row: usize) -> String {
    let dots = |letter: &[u8; HEIGHT]| -> String {
        let bits = letter.get(row).copied().unwrap_or_default();
        (0..WIDTH).rev().map(|bit| if bits >> bit & 1 == 1 { DOT } else { ' ' }).collect()
    };
    let group = |letters: &[[u8; HEIGHT]]| letters.iter().map(dots).collect::<Vec<_>>().join(" ");
    letters.chunks(GROUP).map(group).collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_id_fits_on_one_line_of_the_console() {
        let rows = large("00E0C51C5087", 80);
        assert_eq!(rows.len(), HEIGHT);
        assert!(rows.iter().all(|row| row.chars().count() <= 80), "{rows:?}");
    }

    #[test]
    fn a_long_id_goes_on_below_and_loses_no_letter() {
        let rows = large("#85641000D308482019", 80);
        assert_eq!(rows.len(), 2 * HEIGHT + 1);
        let dots = |rows: &[String]| rows.concat().chars().filter(|c| *c == DOT).count();
        let each: usize =
            "#85641000D308482019".chars().map(|c| dots(&large(&c.to_string(), 80))).sum();
        assert_eq!(dots(&rows), each);
    }

    #[test]
    fn every_letter_has_a_shape_of_its_own() {
        for (at, (letter, rows)) in LETTERS.iter().enumerate() {
            let same = LETTERS.iter().position(|(_, other)| other == rows);
            assert_eq!(same, Some(at), "{letter}");
            assert!(rows.iter().all(|row| *row < 1 << WIDTH), "{letter}");
        }
    }
}
