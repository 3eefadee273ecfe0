-- +goose Up

-- What is dropped after its time is found without looking at what was dropped before.
CREATE INDEX deliveries_kept ON deliveries (received) WHERE body IS NOT NULL;
CREATE INDEX decisions_kept ON decisions (made) WHERE facts <> '{}';
CREATE INDEX outbox_kept ON outbox (updated) WHERE payload <> '{}' AND state <> 'pending';
