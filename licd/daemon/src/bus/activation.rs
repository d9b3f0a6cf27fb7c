//! The request of an activation, from what is published.

use licd_device::{Application, Failure};

use super::error::BusError;
use crate::shared::{Published, Refusal};

/// The name of an activation, which is the address of the service, and its request.
pub(super) fn request(
    published: &Published,
    application: &Application,
) -> Result<(String, String), BusError> {
    if !published.whole {
        // There is no survey yet, and the report takes its place.
        return Err(Refusal::from(Failure::from(&published.missing)).into());
    }
    let url = published.survey.activation_url(application.url()).map_err(Refusal::from)?;
    let request = published.report.activation_request(application).map_err(Refusal::from)?;
    Ok((url.to_string(), request))
}
