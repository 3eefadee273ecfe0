-- +goose Up

-- The heads say it.
ALTER TABLE pulls DROP COLUMN moved;
ALTER TABLE pulls DROP COLUMN moved_from;
ALTER TABLE pulls DROP COLUMN moved_to;
