// Package years lets a whole issuer live for years, by a clock that goes by hand: agents
// get badges, renew them in time, late or never, withdraw and erase them; operators
// suspend, resume and revoke; keys take their turns and some leak; the server is stopped
// for minutes and days.
//
// Strangers see nothing but what is published over HTTP and what comes by mail. At each
// look, and before and after whatever is done, they hold it against a model of what was
// done:
//
//   - each attestation verifies, or is refused with the code that its fate calls for: to
//     who looks anew, to who has never looked, and at the issuer itself; who keeps keys
//     and lists for as long as he is told is wrong for no longer than that;
//   - each badge page and the API say the same, and what is erased is not found;
//   - the status list is younger than an hour, holds nothing but what was done, never
//     takes a revocation back, and gives no index twice;
//   - no key signs that was not in the JWKS for two days, except in place of a revoked
//     one; none signs for longer than its turn, leaves while anything that it signed
//     holds, stays for ever or comes back; revoked ones are published as such;
//   - reminders come when they should, each once, and never of a badge that is taken back;
//   - while nobody answers, what was fetched is believed until the list's end, not longer;
//   - the server logs no warning, and refuses what an operator or agent does too early or
//     too late.
//
// Who does what when is thrown by a seed; under the same seed the same happens. A run in
// which one of these did not happen fails, since it says nothing of it.
//
// In `make test` it is one year, with a look each week. `make years` is five years, hour by
// hour. With another plan:
//
//	go test -v -count 1 -timeout 3h ./test/years -years 3 -every 1h -seed 42
package years
