// Package web shows pages to people: rendered on the server, in French or English
// by Accept-Language, without scripts and without anything from elsewhere.
//
// So far these are the end of a sign-in, the stopping of code mails, what went
// wrong, what a problem code means, and the contract to read. Only routes.go
// knows the router.
package web
