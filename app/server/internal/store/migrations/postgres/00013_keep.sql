-- +goose Up
CREATE INDEX deliveries_kept ON deliveries (received) WHERE body IS NOT NULL;
CREATE INDEX decisions_kept ON decisions (made) WHERE facts <> '{}';
CREATE INDEX outbox_kept ON outbox (updated) WHERE payload <> '{}' AND state <> 'pending';
