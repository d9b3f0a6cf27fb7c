//! The window of licensing-tool, used by keyboard and as a screen reader reads it.

mod activations;
mod dialogues;
mod imports;
mod life;
mod pages;

use acceptance::harness::Story;
use acceptance::tool::Tool;

/// The stories of all submodules.
pub(crate) const CHAPTERS: [&[Story]; 5] =
    [pages::STORIES, imports::STORIES, activations::STORIES, dialogues::STORIES, life::STORIES];

const ENGLISH: &str = "en_GB.UTF-8";
const GERMAN: &str = "de_DE.UTF-8";

/// Opens the import page.
fn open_import(tool: &Tool<'_>) {
    let _ = tool.find("", "00E0C51C5087");
    tool.keys(&["alt+i"]);
    let _ = tool.find("radio button", "From a web address");
}

/// Types an address into the import page and starts.
fn import(tool: &Tool<'_>, address: &str) {
    open_import(tool);
    // The mnemonic of the address.
    tool.keys(&["alt+a"]);
    tool.write(address);
    tool.keys(&["Return"]);
}
