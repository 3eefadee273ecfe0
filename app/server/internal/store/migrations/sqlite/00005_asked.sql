-- +goose Up

-- Somebody pressed "Explain" on the check run: the want of that, and who. Until it is done, the explanation is to be given.
ALTER TABLE pulls ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pulls ADD COLUMN asker TEXT NOT NULL DEFAULT '';
