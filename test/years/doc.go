// Package years lets a whole issuer live for years, by a clock that goes from hour to
// hour: agents get badges, renew them in time, late or never, withdraw and erase them;
// operators take badges back, keys take their turns and one leaks; the server is
// stopped for hours and days. Strangers who see nothing but what is published over
// HTTP hold it, at each hour, against a model of what was done.
//
// In `make test` it is somewhat more than a year, with a look each day and at whatever
// happens. `make years` is five years, hour by hour. With another plan:
//
//	go test -v -count 1 -timeout 3h ./test/years -years 3 -every 1h -seed 42
package years
