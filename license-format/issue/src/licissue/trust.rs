//! `licissue trust`.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use license_format::{Product, TrustDocument, VerifierKey};
use license_issue::{self as issue, SigningKey, TrustKey};
use serde_json::json;

use crate::args::Trust;
use crate::document::{self, Document};
use crate::error::CommandError;
use crate::files;

/// The separator between the file of a key and its products.
const SEPARATOR: char = '=';

pub(crate) fn run(args: &Trust, json: bool, out: &mut impl Write) -> Result<(), CommandError> {
    let keys = args.key.iter().map(|key| trust_key(key)).collect::<Result<Vec<_>, _>>()?;
    let roots = files::signing_keys(&args.signing.sign)?;
    let signing: Vec<&SigningKey> = roots.iter().collect();
    let issued = document::time_or_now(args.signing.issued);
    let version = args.version.get();
    let text = issue::trust_document(version, issued, &keys, &args.withdraw, &signing);
    let known: Vec<VerifierKey> = roots.iter().map(|key| key.verifier().clone()).collect();
    // A device with all these roots must accept the document before it is written.
    let all = NonZeroUsize::new(known.len()).unwrap_or(NonZeroUsize::MIN);
    TrustDocument::verify(text.as_bytes(), &known, all).map_err(|error| {
        let what = format_args!("a device would refuse it: {error}");
        CommandError::new("trust document", what, "give other keys or withdrawals")
    })?;
    let facts = vec![
        ("kind", json!("trust")),
        ("version", json!(version)),
        ("signatures", json!(known.len())),
    ];
    let title = format!("trust document version {version}");
    Document { title, facts, text }.write(args.signing.output.as_deref(), json, out)
}

/// `VKEYFILE[=PRODUCTS]`.
fn trust_key(text: &str) -> Result<TrustKey, CommandError> {
    let (path, products) = match text.rsplit_once(SEPARATOR) {
        Some((path, "*")) => (path, Vec::new()),
        Some((path, products)) => (path, product_list(text, products)?),
        None => (text, Vec::new()),
    };
    Ok(TrustKey { key: files::verifier_key(Path::new(path))?, products })
}

fn product_list(name: &str, products: &str) -> Result<Vec<Product>, CommandError> {
    let list: Option<Vec<Product>> = products.split(',').map(Product::parse).collect();
    list.ok_or_else(|| {
        CommandError::usage(
            name,
            "does not end in product codes",
            "write VKEYFILE, or VKEYFILE=WE,WE-E, with `=*` behind a file name that has a `=`",
        )
    })
}
