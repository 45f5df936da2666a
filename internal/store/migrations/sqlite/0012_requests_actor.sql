-- The requests of an account are found by an index, to be erased with its badge.

-- +goose Up
CREATE INDEX requests_actor ON requests (actor_id);
