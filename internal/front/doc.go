// Package front owns the root router and what holds for every answer, the
// router's own 404 and 405 included: request ids, security and cache headers,
// the bounds of body, time and concurrency, HEAD, OPTIONS and CORS, recovery
// from panics, the access log, and who the client is behind trusted proxies.
//
// It wraps the router from outside, because gorilla/mux runs its middleware
// only where a route matched. It never reads the Host header, and nothing that
// it logs holds an address, a path's values, a query or a token.
package front
