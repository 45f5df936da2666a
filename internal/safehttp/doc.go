// Package safehttp is the only maker of outbound HTTP clients. What this
// program fetches is named by strangers, so a client of this package speaks
// https to public addresses on port 443 only, checks each address when it
// dials (a name that resolves differently the second time gains nothing),
// follows few redirects, keeps no cookies, and bounds time, header bytes, rate
// and concurrency. Bodies are read through [ReadBody], which bounds them after
// decompression.
//
// What may loosen this stands in [Policy] and is for the demo and for tests;
// no setting of a server reaches it.
package safehttp
