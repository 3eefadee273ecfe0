// Package store is the server's memory: deliveries, pull requests with their generation counters, the ledger of approvals, scans,
// decisions, and the outbox. All SQL of the product is here, and so are transactions; River's own tables lie in the same database,
// so that a delivery and its job are written together or not at all.
//
// The database is SQLite in one file. Two pools serve it: one connection that writes (SQLite has one writer; a second connection
// would only wait), and four that read. A lock on the file beside it, held for as long as the process lives, keeps a second process out.
//
// Never call GitHub, git or the worker inside Tx: it holds the only writing connection.
//
// Statements use numbered parameters ($1), and no function that only SQLite has, so that PostgreSQL can be put below the same
// methods. TestConformance is what any other database must pass.
package store
