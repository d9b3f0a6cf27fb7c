//! Packs for tests.

use acceptance::maker;

/// A pack to be added: a subscription of the Workspace Edition that is in force for a year, with
/// complete rosters.
#[derive(Debug, Clone)]
pub struct PackFile {
    id: String,
    product: String,
    key: String,
    services: Vec<String>,
    seats: u32,
    from: i64,
    to: i64,
    lines: String,
}

impl PackFile {
    /// The pack with this ID and this number of seats.
    #[must_use]
    pub fn new(id: &str, seats: u32) -> Self {
        Self {
            id: id.to_owned(),
            product: "WE".to_owned(),
            key: "ERP-9QK2M".to_owned(),
            services: vec![maker::WE.to_owned()],
            seats,
            from: -1,
            to: 365,
            lines: String::new(),
        }
    }

    /// Sets product and service.
    #[must_use]
    pub fn product(mut self, product: &str, service: &str) -> Self {
        self.product = product.to_owned();
        self.services = vec![service.to_owned()];
        self
    }

    /// Sets the last day, counted from today.
    #[must_use]
    pub fn ends_in(mut self, days: i64) -> Self {
        self.to = days;
        self
    }

    /// Sets the Subscription Key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = key.to_owned();
        self
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push_str(line);
        self.lines.push('\n');
        self
    }

    pub(crate) fn toml(&self) -> String {
        let Self { id, product, key, services, seats, lines, .. } = self;
        let (from, to) = (maker::today_plus(self.from), maker::today_plus(self.to));
        format!(
            "pack = \"{id}\"\nproduct = \"{product}\"\nterm = \"subscription\"\n\
             category = \"subscription\"\nsubscription-key = \"{key}\"\norder = \"69-3456677\"\n\
             services = {services:?}\nstarts = \"{from}\"\nexpires = \"{to}\"\nseats = {seats}\n\
             roster-complete = true\n{lines}"
        )
    }
}
