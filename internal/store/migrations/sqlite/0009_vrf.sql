-- The log's VRF outputs stand in the badge's row alone, which an erasure blanks: in
-- events they would tell for ever which badges were of one account.

-- +goose Up
ALTER TABLE events DROP COLUMN account_vrf;
ALTER TABLE events DROP COLUMN agency_vrf;
