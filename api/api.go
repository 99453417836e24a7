// Package api holds the two documents that describe what the server speaks: openapi.yaml for HTTP,
// asyncapi.yaml for what it sends over sockets and webhooks. They are written by hand; tests hold
// the server against them (test/contract). It is not what serves them: that is internal/reference.
package api

import _ "embed"

// OpenAPI is the OpenAPI 3.0.3 document, in YAML.
//
//go:embed openapi.yaml
var OpenAPI []byte

// AsyncAPI is the AsyncAPI 3.0.0 document, in YAML.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte
