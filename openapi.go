// Package cocarde holds the contract of the HTTP surface, openapi.yaml, for the
// program to serve. Parsing it takes tens of milliseconds: nothing does at start.
package cocarde

import _ "embed"

// Contract is openapi.yaml, OpenAPI 3.1.
//
//go:embed openapi.yaml
var Contract []byte
