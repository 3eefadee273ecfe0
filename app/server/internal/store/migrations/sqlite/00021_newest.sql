-- +goose Up

-- The newest outcomes are listed in this order.
DROP INDEX outcomes_at;
CREATE INDEX outcomes_newest ON outcomes (at, repo_id, change);

-- What outcomes can be filtered by is read off this alone.
CREATE INDEX outcome_weeks_facets ON outcome_weeks (agent, model, language, repo_id);
