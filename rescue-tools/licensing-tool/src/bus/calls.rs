//! Orders to the daemon, and its answers as events.

use std::sync::Arc;

use licd_client::{Applicant, Client, ImportOptions};
use licd_device::{Report, Withdrawn};
use licd_rules::Selector;

use super::failure;
use crate::state::actions::{Order, Person};
use crate::state::events::{Event, JobPath, Purpose};

/// Asks for the report.
pub(super) async fn report(client: Client) -> Event {
    match client.status().await {
        Ok(text) => match serde_json::from_str::<Report>(&text) {
            Ok(report) => Event::Reported(Arc::new(report)),
            Err(error) => Event::Absent(failure::unreadable(&error)),
        },
        Err(error) => Event::Absent(failure::absence(&error)),
    }
}

/// Begins an import from a source that the daemon opens.
pub(super) async fn import(client: Client, order: Order) -> Event {
    let options = ImportOptions {
        purpose: purpose(order.purpose),
        login: order.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str())),
        proxy: given(&order.proxy),
        more: false,
    };
    begun(client.import(&order.source, &options).await)
}

/// Begins the request for an evaluation licence.
pub(super) async fn activate(client: Client, person: Person) -> Event {
    let applicant = Applicant {
        name: Some(&person.name),
        company: Some(&person.company),
        email: Some(&person.email),
        url: None,
        proxy: given(&person.proxy),
    };
    begun(client.activate(&applicant).await)
}

/// Removes licences.
pub(super) async fn remove(client: Client, selector: Selector) -> Event {
    match client.remove(&selector).await {
        Ok(count) => Event::Removed(count),
        Err(error) => Event::Refused(failure::failure(&error)),
    }
}

/// Cancels the activation that waits.
pub(super) async fn withdraw(client: Client) -> Event {
    match client.cancel_activation().await {
        Ok(true) => Event::Withdrawn(Withdrawn::Request),
        Ok(false) => Event::Withdrawn(Withdrawn::Nothing),
        Err(error) => Event::Refused(failure::failure(&error)),
    }
}

/// Has the device surveyed again, and asks for the report.
pub(super) async fn refresh(client: Client) -> Event {
    match client.refresh().await {
        Ok(()) => report(client).await,
        Err(error) => Event::NotRefreshed(failure::failure(&error)),
    }
}

/// Cancels a job. Its end follows as a signal, also where the job has ended by itself meanwhile.
pub(super) async fn cancel(client: Client, job: JobPath) {
    let _ = client.cancel(&job).await;
}

/// The purpose of an import as the daemon knows it.
pub(super) fn purpose(purpose: Purpose) -> licd_client::Purpose {
    match purpose {
        Purpose::Import => licd_client::Purpose::Explicit,
        Purpose::Check => licd_client::Purpose::Check,
    }
}

/// A text that is not empty.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn begun(job: Result<JobPath, licd_client::CallError>) -> Event {
    match job {
        Ok(job) => Event::Begun(job),
        Err(error) => Event::Refused(failure::failure(&error)),
    }
}
