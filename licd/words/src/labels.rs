//! Labels of lines, checks and columns, and the lines about keys.

/// An enum of short texts, with those of both languages side by side.
macro_rules! captions {
    ($(#[$what:meta])* $name:ident:
     $($(#[$doc:meta])* $caption:ident = $english:literal, $german:literal;)+) => {
        $(#[$what])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $caption),+ }

        impl $name {
            /// Every caption.
            pub const ALL: &'static [Self] = &[$(Self::$caption),+];

            pub(crate) fn english(self) -> &'static str {
                match self { $(Self::$caption => $english),+ }
            }

            pub(crate) fn german(self) -> &'static str {
                match self { $(Self::$caption => $german),+ }
            }
        }
    };
}

pub(crate) use captions;

captions! {
    /// The label of a line.
    Label:
    /// The unit ID.
    UnitId = "Unit ID:", "Unit-ID:";
    /// The serial number of the chassis.
    Serial = "Serial number:", "Seriennummer:";
    /// The operating system.
    System = "System:", "System:";
    /// The clock.
    Clock = "Clock:", "Uhr:";
    /// The licence partition.
    Store = "Store:", "Partition:";
    /// A download link of the settings.
    Link = "Link:", "Link:";
    /// The restart after a deployment.
    Restart = "Restart:", "Neustart:";
    /// Files that are not used.
    NotUsed = "Not used:", "Ungenutzt:";
    /// A problem.
    Problem = "Problem:", "Problem:";
    /// The next step.
    Next = "Next:", "Zu tun:";
}

captions! {
    /// A check of `doctor`.
    Check:
    /// The unit ID.
    Unit = "unit ID", "Unit-ID";
    /// The clock.
    Clock = "clock", "Uhr";
    /// The licence partition.
    Store = "store", "Partition";
    /// The licence of the device.
    License = "licence", "Lizenz";
    /// A file of the store.
    File = "file", "Datei";
    /// A download link.
    Link = "link", "Link";
    /// The network configuration.
    Network = "network", "Netzwerk";
    /// Everything else.
    System = "system", "System";
}

captions! {
    /// The heading of a column, or the label of a fact that is one elsewhere.
    Column:
    /// The column of packs.
    Pack = "PACK", "PACK";
    /// The column of serial numbers of issues.
    Serial = "SERIAL", "AUSGABE";
    /// The column of products.
    Product = "PRODUCT", "PRODUKT";
    /// The column of terms.
    Term = "TERM", "ART";
    /// The column of first days.
    Starts = "STARTS", "BEGINN";
    /// The column of last days.
    Expires = "EXPIRES", "ENDE";
    /// The column of states.
    State = "STATE", "ZUSTAND";
    /// The column of features.
    Feature = "FEATURE", "FUNKTION";
    /// The column of answers.
    Allowed = "ALLOWED", "ERLAUBT";
    /// The column of reasons.
    Why = "WHY", "GRUND";

    /// The label of an order number.
    Order = "ORDER", "AUFTRAG";
    /// The label of a file's name.
    FileName = "FILE", "DATEI";
}

captions! {
    /// What the keys do in the full-screen tool.
    Help:
    /// The keys of a page of text.
    Text = "1-6 page  Up/Down scroll  R read again  Q quit",
        "1-6 Seite  Auf/Ab blättern  R neu lesen  Q beenden";
    /// The keys of a page with items.
    List = "1-6 page  Up/Down move  Enter choose  R read again  Q quit",
        "1-6 Seite  Auf/Ab bewegen  Enter wählen  R neu lesen  Q beenden";
    /// The keys of a dialogue with items.
    Dialog = "Up/Down move  Enter choose  Esc back",
        "Auf/Ab bewegen  Enter wählen  Esc zurück";
    /// The keys of a form.
    Form = "Up/Down move  Enter next  Space yes/no  Esc back",
        "Auf/Ab bewegen  Enter weiter  Leertaste ja/nein  Esc zurück";
    /// The keys of a question.
    Confirm = "Up/Down move  Enter choose  Esc keep",
        "Auf/Ab bewegen  Enter wählen  Esc behalten";
    /// The keys while work runs.
    Running = "Esc cancel", "Esc abbrechen";
    /// The keys while work runs that cannot be cancelled.
    Waiting = "Please wait", "Bitte warten";
    /// The keys of a result.
    Result = "Up/Down scroll  Enter close", "Auf/Ab blättern  Enter schließen";
}
