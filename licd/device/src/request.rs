//! Requests for a licence: what a portal needs to know to issue one.

use std::path::PathBuf;

use licd_rules::Code;
use license_format::UnitKind;
use serde::Serialize;

use crate::report::{Hardware, Os, to_json};
use crate::{Device, Failure, Report};

/// A request, one line of JSON.
#[derive(Serialize)]
struct Request<'a> {
    schema: u32,
    /// As people write it, and as the portal's lists of units take it.
    unit_id: String,
    /// The portal's word for what kind of unit that is.
    r#type: &'static str,
    /// The unit ID without `#`, as the portal shows it.
    value: &'a str,
    /// What hardware-bundled licences are looked up by.
    hardware: &'a Hardware,
    os: &'a Os,
}

impl Report {
    /// The request for a licence of this device, with line feed.
    ///
    /// # Errors
    /// `wrong-device`: a device without unit ID cannot be bound to.
    pub fn request(&self) -> Result<String, Failure> {
        let Some(unit) = &self.unit_id else {
            return Err(Failure::new(
                Code::WrongDevice,
                "unit ID: this device has none, so no licence can be bound to it; \
                 licctl doctor tells more",
            ));
        };
        let r#type = match unit.kind() {
            UnitKind::UsbSerial => "FLASHSERIAL",
            UnitKind::Mac => "MAC",
        };
        let (unit_id, value) = (unit.to_string(), unit.bare());
        let (hardware, os) = (&self.hardware, &self.os);
        Ok(to_json(&Request { schema: 1, unit_id, r#type, value, hardware, os }) + "\n")
    }
}

impl Device {
    /// Puts a request where it waits for its answer, and returns where that is. It goes when a
    /// licence is imported.
    ///
    /// # Errors
    /// Why the store cannot be written.
    pub fn store_request(&self, request: &str) -> Result<PathBuf, Failure> {
        self.write(&self.writer()?, |window| window.put_request(request.as_bytes()))?;
        Ok(self.store().request())
    }
}
