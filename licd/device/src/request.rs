//! Requests for a licence, with the data that a portal or a licensing service needs to issue one. Their
//! JSON Schema is `packaging/request.schema.json`.

use std::path::PathBuf;

use licd_rules::Code;
use license_format::UnitKind;
use serde::Serialize;

use crate::application::{Application, Person};
use crate::report::{Hardware, Os, to_json};
use crate::{Device, Failure, Proxy, Report};

/// The version of the schema of requests.
pub(crate) const SCHEMA: u32 = 1;

/// A request, one line of JSON.
#[derive(Serialize)]
struct Request<'a> {
    schema: u32,
    /// In the form for people, which the portal's unit lists accept.
    unit_id: String,
    /// The portal's word for the kind of unit.
    r#type: &'static str,
    /// The unit ID without `#`, as the portal shows it.
    value: &'a str,
    /// The key of hardware-bundled licences.
    hardware: &'a Hardware,
    os: &'a Os,
    #[serde(flatten)]
    activation: Option<Activation<'a>>,
}

/// What an activation adds.
#[derive(Serialize)]
struct Activation<'a> {
    person: &'a Person,
    accept_terms: bool,
    /// Where a person wants it sent; absent: to the address of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// The proxy that a person named, with its password. It stays on the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
}

impl Report {
    /// The request for a licence of this device, with line feed.
    ///
    /// # Errors
    /// `wrong-device`: a licence cannot be bound to a device without unit ID.
    pub fn request(&self) -> Result<String, Failure> {
        self.request_with(None)
    }

    /// The same for an activation, as it is stored: with the data of a person, who has accepted the terms.
    ///
    /// # Errors
    /// Those of [`Report::request`].
    pub fn activation_request(&self, application: &Application) -> Result<String, Failure> {
        self.request_with(Some(Activation {
            person: application.person(),
            accept_terms: true,
            url: application.url().map(ToString::to_string),
            proxy: application.proxy().map(Proxy::as_secret),
        }))
    }

    fn request_with(&self, activation: Option<Activation<'_>>) -> Result<String, Failure> {
        let Some(unit) = &self.unit_id else {
            return Err(Failure::new(
                Code::WrongDevice,
                "unit ID: this device has none, so a licence cannot be bound to it; \
                 licctl doctor gives the reason",
            ));
        };
        let r#type = match unit.kind() {
            UnitKind::UsbSerial => "FLASHSERIAL",
            UnitKind::Mac => "MAC",
        };
        let (unit_id, value) = (unit.to_string(), unit.bare());
        let (hardware, os) = (&self.hardware, &self.os);
        let request = Request { schema: SCHEMA, unit_id, r#type, value, hardware, os, activation };
        Ok(to_json(&request) + "\n")
    }
}

impl Device {
    /// Stores a request in the licence partition and returns its path. The next licence import
    /// removes it.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn store_request(&self, request: &str) -> Result<PathBuf, Failure> {
        self.write(&self.writer()?, |window| window.put_request(request.as_bytes()))?;
        Ok(self.store().request())
    }

    /// Removes the requests for a licence, that of an activation included: they are answered. A request
    /// that cannot be removed stays.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn end_requests(&self) -> Result<(), Failure> {
        if !self.store().has_requests() {
            return Ok(());
        }
        self.write(&self.writer()?, |window| {
            window.remove_requests();
            Ok(())
        })
    }
}
