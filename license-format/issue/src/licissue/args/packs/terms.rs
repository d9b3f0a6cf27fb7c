//! The terms of a new Product Pack.

use clap::Args;
use license_format::{Category, Date, Expiry, OrderNumber, PackId, Product, ServiceName, Term};

use crate::args::value::{DAY, EXPIRY, ORDER, PACK, TERM, parser};

/// The terms of a pack whose file does not exist yet.
#[derive(Args)]
#[command(next_help_heading = "If PACK.toml does not exist yet")]
pub(crate) struct NewPackTerms {
    /// Pack ID
    #[arg(long, value_name = "ID", value_parser = parser(PackId::parse, PACK))]
    pub(crate) pack: Option<PackId>,
    /// Product code
    #[arg(long, value_name = "CODE", value_parser = parser(Product::parse, "a product code"))]
    pub(crate) product: Option<Product>,
    /// Effect of the last day: perpetual, subscription or evaluation
    #[arg(long, value_parser = parser(Term::parse, TERM))]
    pub(crate) term: Option<Term>,
    /// Column of UMS: maintenance, subscription or add-on
    #[arg(long, value_parser = parser(Category::parse, "maintenance, subscription or add-on"))]
    pub(crate) category: Option<Category>,
    /// Service that the pack unlocks; may be repeated
    #[arg(long, value_name = "NAME", value_parser = parser(ServiceName::parse, "a service name"))]
    pub(crate) service: Vec<ServiceName>,
    /// First day [default: today]
    #[arg(long, value_name = "DAY", value_parser = parser(Date::parse, DAY))]
    pub(crate) starts: Option<Date>,
    /// Last day, or `never`
    #[arg(long, value_name = "DAY", value_parser = parser(Expiry::parse, EXPIRY))]
    pub(crate) expires: Option<Expiry>,
    /// Days of grace, 0–90 [default: 0]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u8).range(0..=90))]
    pub(crate) grace_days: Option<u8>,
    /// Days of warning, 0–120 [default: 10]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u8).range(0..=120))]
    pub(crate) warn_days: Option<u8>,
    /// Subscription Key
    #[arg(long, value_name = "KEY", value_parser = parser(PackId::parse, PACK))]
    pub(crate) subscription_key: Option<PackId>,
    /// Number of units that may be assigned [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) seats: Option<u32>,
    /// Latest day on which the term of licences that come with hardware starts
    #[arg(long, value_name = "DAY", value_parser = parser(Date::parse, DAY))]
    pub(crate) latest_activation: Option<Date>,
    /// Order number
    #[arg(long, value_name = "ORDER", value_parser = parser(OrderNumber::parse, ORDER))]
    pub(crate) order: Option<OrderNumber>,
    /// State that the licences name every unit of the pack, so that a removed unit loses it
    #[arg(long)]
    pub(crate) roster_complete: bool,
}

impl NewPackTerms {
    /// Whether any of the flags is set.
    pub(crate) fn is_given(&self) -> bool {
        let Self { pack, product, term, category, service, starts, expires, .. } = self;
        let days = self.grace_days.is_some() || self.warn_days.is_some();
        pack.is_some()
            || product.is_some()
            || term.is_some()
            || category.is_some()
            || !service.is_empty()
            || starts.is_some()
            || expires.is_some()
            || days
            || self.subscription_key.is_some()
            || self.order.is_some()
            || self.roster_complete
            || self.seats.is_some()
            || self.latest_activation.is_some()
    }
}
