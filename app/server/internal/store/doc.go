// Package store is the server's memory: deliveries, pull requests with their generation counters, the ledger of approvals, scans,
// decisions, the outbox, the audit log. All SQL of the product is here, and so are transactions; River's own tables lie in the same database,
// so that a delivery and its job are written together or not at all.
//
// There are two databases below the same methods. SQLite is one file with two pools: one connection that writes (SQLite has one writer; a second one
// would only wait) and four that read; a lock on the file beside it, held for as long as the process lives, keeps a second process out. PostgreSQL is
// shared by several processes: every writing transaction begins by taking one advisory lock, so that they take turns as SQLite's writers do, and named
// locks hold across processes. What a process that died was at work on is given back.
//
// Never call GitHub, git or the worker inside Tx: nobody else can write meanwhile.
//
// Statements use numbered parameters ($1), and no function that one of the two has not; where that cannot be, the two ways stand side by side. Every migration
// has a twin with the same number for the other database. TestConformance is what both must pass, and TestTwins that they have the same tables.
package store
