-- +goose Up

-- When each installation may write to GitHub next, where several processes do (pace.go). On SQLite one process knows it by itself.
CREATE TABLE paces (
  installation INTEGER PRIMARY KEY,
  next         INTEGER NOT NULL, -- the earliest moment, by the database's clock
  hour         INTEGER NOT NULL  -- the moment at which all writes so far would have been made, had they been spread evenly
);
