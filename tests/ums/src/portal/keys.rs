//! Signing keys and the trust document.

use license_format::{KeyName, PackId, Product, Serial};
use license_issue::{SigningKey, TrustKey, trust_document};
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::{Text, record};
use crate::error::UmsError;
use crate::now;

/// The product of evaluations: the only one that the demo key signs.
pub(crate) const EVALUATION: &str = "WE-E";
/// The roots; each of them signs each trust document.
const ROOTS: [&str; 2] = ["ums-root-a", "ums-root-b"];

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Root,
    Issuer,
    Demo,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuer => "issuer",
            Self::Demo => "demo",
        }
    }
}

/// Makes the first keys and the first trust document, unless there are keys.
pub(crate) fn prepare(db: &Connection) -> Result<(), UmsError> {
    if db.query_row("SELECT count(*) FROM key", [], |row| row.get::<_, i64>(0))? > 0 {
        return Ok(());
    }
    for name in ROOTS {
        create(db, name, Role::Root)?;
    }
    create(db, "ums-issuer-1", Role::Issuer)?;
    create(db, "ums-demo-1", Role::Demo)?;
    publish(db)
}

fn create(db: &Connection, name: &str, role: Role) -> Result<(), UmsError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let name = KeyName::parse(name).ok_or(UmsError::Invalid("key", "the name of a key"))?;
    let key = SigningKey::from_seed(name, &seed)
        .ok_or(UmsError::Invalid("key", "strong enough; try again"))?;
    db.execute(
        "INSERT INTO key (name, secret, role) VALUES (?1, ?2, ?3)",
        [key.verifier().name().to_string(), key.to_secret_string(), role.as_str().to_owned()],
    )?;
    Ok(())
}

/// The keys of a role that are not revoked, oldest first.
pub(crate) fn of(db: &Connection, role: Role) -> Result<Vec<SigningKey>, UmsError> {
    let mut statement =
        db.prepare("SELECT secret FROM key WHERE role = ?1 AND revoked = 0 ORDER BY rowid")?;
    let secrets = statement.query_map([role.as_str()], |row| row.get::<_, String>(0))?;
    secrets
        .map(|secret| SigningKey::parse(&secret?).ok_or(UmsError::Invalid("key", "a signing key")))
        .collect()
}

/// The key that signs licences of this product: the newest one of its role.
pub(crate) fn signer(db: &Connection, product: &Product) -> Result<SigningKey, UmsError> {
    let role = if product.as_str() == EVALUATION { Role::Demo } else { Role::Issuer };
    of(db, role)?.pop().ok_or_else(|| UmsError::Unknown(format!("a key for {product}")))
}

/// The newest trust document and its version.
pub(crate) fn trust(db: &Connection) -> Result<(u64, String), UmsError> {
    let newest = "SELECT version, text FROM trust ORDER BY version DESC LIMIT 1";
    let mut statement = db.prepare(newest)?;
    Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Publishes the next trust document: the keys that are not revoked, and the withdrawn serials.
pub(crate) fn publish(db: &Connection) -> Result<(), UmsError> {
    let last: u64 =
        db.query_row("SELECT ifnull(max(version), 0) FROM trust", [], |row| row.get(0))?;
    let demo = Product::parse(EVALUATION).into_iter().collect::<Vec<_>>();
    let mut keys = Vec::new();
    for (role, products) in [(Role::Issuer, Vec::new()), (Role::Demo, demo)] {
        let named = of(db, role)?
            .into_iter()
            .map(|key| TrustKey { key: key.verifier().clone(), products: products.clone() });
        keys.extend(named);
    }
    let roots = of(db, Role::Root)?;
    let roots: Vec<&SigningKey> = roots.iter().collect();
    let text = trust_document(last + 1, now(), &keys, &withdrawals(db)?, &roots);
    db.execute("INSERT INTO trust (version, text) VALUES (?1, ?2)", (last + 1, text))?;
    record(db, format_args!("trust document {} is out", last + 1))
}

fn withdrawals(db: &Connection) -> Result<Vec<(PackId, Serial)>, UmsError> {
    let mut statement = db.prepare("SELECT pack, serial FROM withdrawal ORDER BY pack")?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, Text<PackId>>(0)?.0, Serial::new(row.get(1)?))))?;
    let mut found = Vec::new();
    for row in rows {
        if let (pack, Some(serial)) = row? {
            found.push((pack, serial));
        }
    }
    Ok(found)
}

/// Withdraws all serials of a pack up to this one from every device.
pub(crate) fn withdraw(db: &Connection, pack: &PackId, serial: Serial) -> Result<(), UmsError> {
    db.execute(
        "INSERT OR REPLACE INTO withdrawal (pack, serial) VALUES (?1, ?2)",
        (Text(pack.clone()), serial.get()),
    )?;
    publish(db)
}

/// Adds an issuing key, which signs from now on. Older ones stay trusted.
pub(crate) fn rotate(db: &Connection) -> Result<String, UmsError> {
    let number: i64 =
        db.query_row("SELECT count(*) + 1 FROM key WHERE role = 'issuer'", [], |row| row.get(0))?;
    let name = format!("ums-issuer-{number}");
    create(db, &name, Role::Issuer)?;
    publish(db)?;
    Ok(name)
}

/// Revokes a key that signs licences.
pub(crate) fn revoke(db: &Connection, name: &str) -> Result<(), UmsError> {
    let role: Option<String> = db
        .query_row("SELECT role FROM key WHERE name = ?1 AND revoked = 0", [name], |row| row.get(0))
        .optional()?;
    let role = match role.as_deref() {
        Some("issuer") => Role::Issuer,
        Some("demo") => Role::Demo,
        _ => return Err(UmsError::Unknown(format!("key {name}"))),
    };
    if of(db, role)?.len() == 1 {
        return Err(UmsError::Conflict(name.to_owned(), "is the only key; add another first"));
    }
    db.execute("UPDATE key SET revoked = 1 WHERE name = ?1", [name])?;
    publish(db)
}
