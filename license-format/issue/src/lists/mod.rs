//! Lists of hardware, in the forms that the licence portal and UMS exchange.

mod entry;
mod heading;
mod serials;
mod table;
#[cfg(test)]
mod tests;
mod units;

pub use entry::{EntryError, InvalidEntry, List};
pub use serials::{SerialNumber, SerialTable, serial_list, serial_table};
pub use units::{is_assignable, unit_list};
