// Package api is the JSON API: it decodes strictly, calls the domain, encodes,
// and turns every error into problem details (RFC 9457). The contract is
// openapi.yaml at the module's root, from which the models are generated; tests
// hold both against each other.
//
// It also serves what is published as stored bytes (keys, metadata, status
// lists) and the issuer's actor. It knows no store, no mail and no page: what it
// needs stands in ports.go.
package api

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../openapi.yaml
