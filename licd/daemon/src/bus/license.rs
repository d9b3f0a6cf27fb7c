//! `com.igel.License1.License`: the licences of this device, one object each.
//!
//! A device may have thousands of them, so none is kept as an object: what each shows follows from the
//! report that is published, and this knows the names.

use licd_device::LicenseReport;
use licd_rules::sort_by;
use license_format::{OrderNumber, PackId, Serial};
use zbus::Variant;

use super::PATH;

/// The interface.
pub(super) const INTERFACE: &str = "com.igel.License1.License";

/// The properties of a licence and their types.
pub(super) const PROPERTIES: [(&str, &str); 11] = [
    ("Category", "s"),
    ("Expires", "s"),
    ("File", "s"),
    ("Issued", "s"),
    ("Order", "s"),
    ("Pack", "s"),
    ("Product", "s"),
    ("Serial", "t"),
    ("Starts", "s"),
    ("State", "s"),
    ("Term", "s"),
];

/// The values of the properties, in the same order.
pub(super) fn properties(report: &LicenseReport) -> [(&'static str, Variant<'_>); 11] {
    [
        ("Category", report.category.as_str().into()),
        ("Expires", report.expires.to_string().into()),
        ("File", (*report.file).into()),
        ("Issued", report.issued.to_string().into()),
        ("Order", report.order.as_ref().map_or("", OrderNumber::as_str).into()),
        ("Pack", report.pack.as_str().into()),
        ("Product", report.product.as_str().into()),
        ("Serial", report.serial.get().into()),
        ("Starts", report.starts.to_string().into()),
        ("State", report.state.as_str().into()),
        ("Term", report.term.as_str().into()),
    ]
}

/// The order of a report's licences by the names of their objects: `PACK_SERIAL`, with a number from 2
/// for each further file of the same issue, in the order of the report.
#[derive(Debug, Default)]
pub(crate) struct Names(Box<[u32]>);

impl Names {
    /// The order of these licences.
    pub(crate) fn of(licenses: &[LicenseReport]) -> Self {
        let mut order: Box<[u32]> = (0..).take(licenses.len()).collect();
        // The sort is stable.
        sort_by(&mut order, |a, b| at(licenses, *a).map(issue).cmp(&at(licenses, *b).map(issue)));
        Self(order)
    }
}

fn at(licenses: &[LicenseReport], place: u32) -> Option<&LicenseReport> {
    licenses.get(usize::try_from(place).ok()?)
}

fn issue(license: &LicenseReport) -> (&PackId, Serial) {
    (&license.pack, license.serial)
}

/// What the name of an object is made of; names sort by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name<'a> {
    pack: &'a PackId,
    serial: Serial,
    number: u32,
}

impl Name<'_> {
    /// The last element of the path.
    pub(super) fn element(self) -> String {
        let pack = self.pack.as_str().replace('-', "_");
        match self.number {
            1 => format!("{pack}_{}", self.serial),
            number => format!("{pack}_{}_{number}", self.serial),
        }
    }

    pub(super) fn path(self) -> String {
        format!("{PATH}/license/{}", self.element())
    }
}

/// The licences of a report as objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Licenses<'a> {
    reports: &'a [LicenseReport],
    names: &'a Names,
}

impl<'a> Licenses<'a> {
    /// `names` are those of `reports`.
    pub(crate) fn new(reports: &'a [LicenseReport], names: &'a Names) -> Self {
        Self { reports, names }
    }

    /// Whether the report has no licence.
    pub(super) fn is_empty(self) -> bool {
        self.reports.is_empty()
    }

    /// The licences by name, sorted.
    pub(super) fn each(self) -> impl Iterator<Item = (Name<'a>, &'a LicenseReport)> {
        let mut last: Option<Name<'a>> = None;
        self.sorted().map(move |license| {
            let (pack, serial) = issue(license);
            let mut name = Name { pack, serial, number: 1 };
            if let Some(last) = last.filter(|last| (last.pack, last.serial) == (pack, serial)) {
                name.number = last.number + 1;
                // The ID of another pack may end in this serial.
                while self.first_of(&name.element()).is_some() {
                    name.number += 1;
                }
            }
            last = Some(name);
            (name, license)
        })
    }

    fn sorted(self) -> impl Iterator<Item = &'a LicenseReport> {
        self.names.0.iter().filter_map(move |place| at(self.reports, *place))
    }

    /// The licence whose path ends in this.
    pub(super) fn find(self, element: &str) -> Option<&'a LicenseReport> {
        self.first_of(element).or_else(|| {
            let first = self.first_of(element.rsplit_once('_')?.0)?;
            let mut same = self.each().filter(|(_, license)| issue(license) == issue(first));
            same.find(|(name, _)| name.element() == element).map(|(_, license)| license)
        })
    }

    /// The first licence of the issue that this names.
    fn first_of(self, element: &str) -> Option<&'a LicenseReport> {
        let (pack, serial) = element.rsplit_once('_')?;
        let (pack, serial) = (PackId::parse(&pack.replace('_', "-"))?, Serial::parse(serial)?);
        let wanted = (&pack, serial);
        let before = |place: &u32| at(self.reports, *place).map(issue) < Some(wanted);
        let first = *self.names.0.get(self.names.0.partition_point(before))?;
        at(self.reports, first).filter(|license| issue(license) == wanted)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const LICENSE: &str = r#"{"pack":"WE-PACK1","serial":1,"product":"WE","category":"subscription",
        "order":null,"term":"subscription","issued":"2026-11-22T16:48:10Z","starts":"2026-11-22",
        "expires":"never","state":"valid","file":"1.lic"}"#;

    pub(in crate::bus) fn license(pack: &str, serial: u64, file: &str) -> LicenseReport {
        let mut license: LicenseReport = serde_json::from_str(LICENSE).unwrap();
        license.pack = PackId::parse(pack).unwrap();
        license.serial = Serial::new(serial).unwrap();
        license.file = file.into();
        license
    }

    /// The file of each licence by the last element of its path.
    fn elements(reports: &[LicenseReport]) -> Vec<(String, String)> {
        let names = Names::of(reports);
        let licenses = Licenses::new(reports, &names);
        for (name, license) in licenses.each() {
            assert_eq!(licenses.find(&name.element()), Some(license), "{name:?}");
        }
        licenses.each().map(|(name, license)| (name.element(), license.file.to_string())).collect()
    }

    fn expected(elements: &[(&str, &str)]) -> Vec<(String, String)> {
        elements.iter().map(|(name, file)| ((*name).to_owned(), (*file).to_owned())).collect()
    }

    #[test]
    fn further_files_of_an_issue_are_numbered_in_the_order_of_the_report() {
        let reports = [
            license("WE-B", 2, "a"),
            license("WE-A", 12, "b"),
            license("WE-B", 2, "c"),
            license("WE-A", 3, "d"),
            license("WE-B", 2, "e"),
        ];
        let names = [("WE_A_3", "d"), ("WE_A_12", "b")];
        let numbered = [("WE_B_2", "a"), ("WE_B_2_2", "c"), ("WE_B_2_3", "e")];
        assert_eq!(elements(&reports), expected(&[&names[..], &numbered].concat()));
    }

    #[test]
    fn no_two_licences_share_a_name_when_a_pack_ends_in_a_serial() {
        let reports = [license("WE-A", 1, "a"), license("WE-A", 1, "b"), license("WE-A-1", 2, "c")];
        let names = [("WE_A_1", "a"), ("WE_A_1_3", "b"), ("WE_A_1_2", "c")];
        assert_eq!(elements(&reports), expected(&names));
    }

    #[test]
    fn other_names_are_those_of_no_licence() {
        let reports = [license("WE-A", 1, "a"), license("WE-B", 7, "b")];
        let names = Names::of(&reports);
        let licenses = Licenses::new(&reports, &names);
        for name in
            ["", "_", "WE_A", "WE_A_2", "WE_A_01", "WE_A_1_2", "WE_A_1_", "WE_C_1", "we_A_1"]
        {
            assert_eq!(licenses.find(name), None, "{name}");
        }
    }

    #[test]
    fn every_property_has_the_type_that_introspection_states() {
        let report = license("WE-A", 1, "a");
        let shown =
            properties(&report).map(|(name, value)| (name, value.value_signature().to_string()));
        let stated = PROPERTIES.map(|(name, signature)| (name, signature.to_owned()));
        assert_eq!(shown, stated);
    }
}
