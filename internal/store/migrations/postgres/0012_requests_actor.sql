-- The requests of an account are found by an index, to be erased with its badge.

-- +goose Up
SET LOCAL statement_timeout = 0; -- an index of a large table takes its time

CREATE INDEX requests_actor ON requests (actor_id);
