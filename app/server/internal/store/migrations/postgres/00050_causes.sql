-- +goose Up
CREATE TABLE causes (
  repo_id  BIGINT NOT NULL,
  number   BIGINT NOT NULL,
  want     BIGINT NOT NULL,
  delivery TEXT COLLATE "C" NOT NULL,
  parent   TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (repo_id, number, want)
);
