-- +goose Up
CREATE TABLE paces (
  installation BIGINT PRIMARY KEY,
  next BIGINT NOT NULL,
  hour BIGINT NOT NULL
);
