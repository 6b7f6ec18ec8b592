"""The tables of the file, as the statements that each version of it adds to the one before."""

from typing import Final

VERSIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE host_orders (
            host TEXT NOT NULL,
            relay TEXT NOT NULL,
            name TEXT NOT NULL,
            duty TEXT NOT NULL,
            given_by TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT,
            reason TEXT NOT NULL,
            PRIMARY KEY (host, relay)
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE revisions (
            number INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            author TEXT NOT NULL,
            message TEXT NOT NULL,
            packed BLOB NOT NULL,
            before TEXT NOT NULL,
            digest TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE pending (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            stage TEXT NOT NULL,
            base INTEGER NOT NULL,
            text BLOB NOT NULL,
            author TEXT NOT NULL,
            message TEXT NOT NULL,
            until TEXT NOT NULL,
            starts INTEGER NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE working_copies (
            account TEXT PRIMARY KEY,
            base INTEGER NOT NULL,
            text BLOB NOT NULL,
            at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            user TEXT NOT NULL,
            uid INTEGER NOT NULL,
            pid INTEGER NOT NULL,
            words TEXT NOT NULL,
            refused TEXT NOT NULL,
            before TEXT NOT NULL,
            digest TEXT NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE accounts (
            name TEXT PRIMARY KEY,
            role TEXT NOT NULL CHECK (role IN ('administrator', 'operator', 'viewer')),
            password TEXT NOT NULL,
            since TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE proposed_passwords (
            author TEXT NOT NULL,
            name TEXT NOT NULL,
            password TEXT NOT NULL,
            PRIMARY KEY (author, name)
        ) STRICT, WITHOUT ROWID
        """,
        "ALTER TABLE pending ADD COLUMN again INTEGER NOT NULL DEFAULT 0",
    ),
    (
        """
        CREATE TABLE table_entries (
            name TEXT NOT NULL,
            network TEXT NOT NULL,
            entered_by TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT,
            reason TEXT NOT NULL,
            PRIMARY KEY (name, network)
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE mailboxes (
            user TEXT PRIMARY KEY,
            password TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE second_factors (
            account TEXT PRIMARY KEY REFERENCES accounts (name) ON DELETE CASCADE,
            secret TEXT NOT NULL,
            since TEXT NOT NULL,
            step INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE recovery_codes (
            account TEXT NOT NULL REFERENCES second_factors (account) ON DELETE CASCADE,
            digest BLOB NOT NULL,
            PRIMARY KEY (account, digest)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE tokens (
            account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
            name TEXT NOT NULL,
            digest BLOB NOT NULL UNIQUE,
            role TEXT NOT NULL CHECK (role IN ('administrator', 'operator', 'viewer')),
            since TEXT NOT NULL,
            until TEXT NOT NULL,
            used TEXT,
            PRIMARY KEY (account, name)
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE secrets (
            number INTEGER PRIMARY KEY,
            label TEXT NOT NULL UNIQUE,
            secret TEXT NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        INSERT INTO secrets (label, secret)
            SELECT 'user ' || user, 'user ' || user || char(10) || password FROM mailboxes
        """,
        "DROP TABLE mailboxes",
    ),
)
"""Never changed once released, only added to: a file knows how many of them it has (`user_version`)."""
