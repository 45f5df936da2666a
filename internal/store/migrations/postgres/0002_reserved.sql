-- Badge pages ask by which request their id is reserved.

-- +goose Up
CREATE INDEX requests_badge ON requests (badge_id);
