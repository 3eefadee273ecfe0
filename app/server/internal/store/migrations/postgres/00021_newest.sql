-- +goose Up

-- The newest outcomes are listed in this order.
DROP INDEX outcomes_at;
CREATE INDEX outcomes_newest ON outcomes (at, repo_id, change);
