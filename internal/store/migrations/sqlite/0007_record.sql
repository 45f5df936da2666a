-- The database names the record of what was published: empty until the first
-- server has begun one.

-- +goose Up
ALTER TABLE meta ADD COLUMN record TEXT NOT NULL DEFAULT '';
