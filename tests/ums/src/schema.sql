PRAGMA journal_mode = WAL;
-- A licence leaves only after its serial is on the disk.
PRAGMA synchronous = FULL;

-- The licensing service.
CREATE TABLE IF NOT EXISTS key (
    name TEXT PRIMARY KEY, secret TEXT NOT NULL,
    role TEXT NOT NULL,               -- root, issuer, demo
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS trust (version INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS withdrawal (pack TEXT PRIMARY KEY, serial INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS pack (
    id TEXT PRIMARY KEY, toml TEXT NOT NULL,  -- without units
    automatic INTEGER NOT NULL DEFAULT 1,     -- deployed automatically
    exchange INTEGER NOT NULL DEFAULT 0,      -- takes the place of a pack that ends earlier
    folders TEXT NOT NULL DEFAULT '',         -- conditions of distribution, one a line
    views TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS seat (
    pack TEXT NOT NULL, unit TEXT NOT NULL, PRIMARY KEY (pack, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seat_of_unit ON seat (unit);
CREATE TABLE IF NOT EXISTS licence (
    pack TEXT NOT NULL, serial INTEGER NOT NULL, text TEXT NOT NULL,
    roster INTEGER NOT NULL,          -- names every unit of the pack
    PRIMARY KEY (pack, serial)
) STRICT;
CREATE TABLE IF NOT EXISTS evaluation (unit TEXT PRIMARY KEY, pack TEXT NOT NULL) STRICT;
-- Hardware that was sold with a pack.
CREATE TABLE IF NOT EXISTS bundle (
    pack TEXT NOT NULL, serial TEXT NOT NULL, mac TEXT NOT NULL, PRIMARY KEY (pack, serial)
) STRICT;

-- The UMS.
CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS view (name TEXT PRIMARY KEY, field TEXT NOT NULL, prefix TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS device (
    id TEXT PRIMARY KEY,
    unit TEXT NOT NULL,
    mac TEXT NOT NULL, serial TEXT NOT NULL, os TEXT NOT NULL,
    folder TEXT NOT NULL DEFAULT '/',
    boot TEXT NOT NULL, wake TEXT NOT NULL,   -- where its agent can be woken
    registered TEXT NOT NULL, seen TEXT NOT NULL,
    applied TEXT NOT NULL, frozen INTEGER NOT NULL,
    refresh INTEGER NOT NULL DEFAULT 0,       -- the device still has to read everything again
    removal TEXT NOT NULL DEFAULT 'none',
    replaced TEXT NOT NULL DEFAULT '',        -- earlier registrations of the same hardware
    refused INTEGER NOT NULL DEFAULT 0,       -- another device has this unit ID
    state TEXT NOT NULL,
    status TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS device_of_unit ON device (unit);
CREATE TABLE IF NOT EXISTS service (
    device TEXT NOT NULL, service TEXT NOT NULL, status TEXT NOT NULL, state TEXT NOT NULL,
    expires TEXT NOT NULL, pack TEXT NOT NULL, PRIMARY KEY (device, service)
) STRICT, WITHOUT ROWID;
-- The licences that the settings of a device link to.
CREATE TABLE IF NOT EXISTS deployment (
    unit TEXT NOT NULL, pack TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL,
    leaving INTEGER NOT NULL DEFAULT 0,       -- the unit has left the pack
    attempt INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (unit, pack)
) STRICT, WITHOUT ROWID;
-- Units whose settings have changed, and how often their devices were woken for that.
CREATE TABLE IF NOT EXISTS stale (unit TEXT PRIMARY KEY, calls INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TRIGGER IF NOT EXISTS deployed AFTER INSERT ON deployment
BEGIN INSERT OR REPLACE INTO stale (unit) VALUES (new.unit); END;
CREATE TRIGGER IF NOT EXISTS redeployed AFTER UPDATE ON deployment
BEGIN INSERT OR REPLACE INTO stale (unit) VALUES (new.unit); END;
CREATE TRIGGER IF NOT EXISTS dropped AFTER DELETE ON deployment
BEGIN INSERT OR REPLACE INTO stale (unit) VALUES (old.unit); END;
CREATE TRIGGER IF NOT EXISTS trusted AFTER INSERT ON trust
BEGIN INSERT OR REPLACE INTO stale (unit) SELECT DISTINCT unit FROM device; END;
CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, at TEXT NOT NULL, text TEXT NOT NULL) STRICT;
