//! The engine's store on SQLite and PostgreSQL.
