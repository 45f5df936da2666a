package acct

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"cocarde.example/internal/fault"
)

const (
	// maxAddressInput bounds an address as typed, in bytes.
	maxAddressInput = 320
	// maxLocal and maxAddress bound the parsed form, in bytes (RFC 5321 §4.5.3.1).
	maxLocal   = 64
	maxAddress = 254
)

const redacted = "[redacted]"

// Address is a mailbox: an ASCII dot-atom at a public mail domain (RFC 5321
// §4.1.2). Only String shows it: slog and the verbs of fmt print "[redacted]".
type Address struct {
	local  string
	domain Host
}

// ParseAddress reads a bare mail address of at most 320 bytes, with ASCII white
// space around it or none. The local part keeps its case, the domain becomes a
// Host that is not on loopback.
//
// Errors are *fault.Error: address_malformed, address_quoted, address_literal,
// address_not_ascii, address_routed, address_confusable. Their messages repeat
// nothing of the input.
func ParseAddress(s string) (Address, error) {
	if len(s) > maxAddressInput {
		return Address{}, tooLong()
	}
	s = strings.Trim(s, " \t\r\n")
	if err := checkShape(s); err != nil {
		return Address{}, err
	}
	local, rest, found := strings.Cut(s, "@")
	switch {
	case !found || local == "" || rest == "":
		return Address{}, malformedAddress("Give the whole address, such as marie@agency.example.org.")
	case strings.Contains(rest, "@"):
		return Address{}, malformedAddress("The address has more than one @ sign. Check how it is written.")
	case strings.HasPrefix(rest, "[") || endsInNumber(rest):
		return Address{}, addressFault("address_literal", "Give an address at a domain name, not at an IP address.")
	}
	if err := checkLocal(local); err != nil {
		return Address{}, err
	}
	domain, err := ParseHost(rest)
	if err != nil {
		return Address{}, under("address", err)
	}
	if domain.Loopback() {
		return Address{}, malformedAddress("Give an address at a public mail domain, not at this machine's own name.")
	}
	if len(local)+1+len(domain.name) > maxAddress {
		return Address{}, tooLong()
	}
	return Address{local, domain}, nil
}

// Local gives the part before the @, in the case in which it was typed.
func (a Address) Local() string { return a.local }

// Domain gives the mail domain.
func (a Address) Domain() Host { return a.domain }

// String gives local@domain, to write to it; the zero Address gives "".
func (a Address) String() string {
	if a == (Address{}) {
		return ""
	}
	return a.local + "@" + a.domain.name
}

// Key gives the address in lower case and without its + part: equal for the
// spellings that reach one mailbox.
func (a Address) Key() string {
	if a == (Address{}) {
		return ""
	}
	base, _, _ := strings.Cut(a.local, "+")
	return strings.ToLower(base) + "@" + a.domain.name
}

// Masked gives the first letter and the domain, such as m…@culture.gouv.fr, for
// auditors.
func (a Address) Masked() string {
	if a == (Address{}) {
		return ""
	}
	return a.local[:1] + "…@" + a.domain.name
}

// LogValue keeps the address out of every log (slog.LogValuer).
func (a Address) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format keeps the address out of what fmt prints, within other values too: who
// wants it written calls String.
func (a Address) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// checkShape names the forms of RFC 5322 and of old mail routing that are
// addresses, but not ones that can be trusted to mean one mailbox.
func checkShape(s string) error {
	switch {
	case strings.Contains(s, `"`):
		return addressFault("address_quoted", "Addresses with quotation marks are not taken. Give the plain address, without a name or quotes.")
	case strings.ContainsAny(s, "<>()"):
		return malformedAddress("Give the address alone, without a name, brackets or comments.")
	case strings.ContainsAny(s, ",;"):
		return malformedAddress("Give one address only.")
	case strings.ContainsAny(s, "%!"):
		return addressFault("address_routed", "Addresses with % or ! name a route through other servers and are not taken. Give the direct address.")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsFunc(s, unicode.IsSpace):
		return malformedAddress("The address has spaces or characters that cannot be seen. Type it by hand.")
	}
	return nil
}

// checkLocal holds the local part to a dot-atom (RFC 5322 §3.2.3).
func checkLocal(local string) error {
	switch {
	case strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII }):
		return addressFault("address_not_ascii", "The part before the @ has letters outside plain ASCII, which are not taken. Give the address in unaccented Latin letters.")
	case strings.ContainsFunc(local, func(r rune) bool { return !isAtom(r) && r != '.' }):
		return malformedAddress("The part before the @ has a character that no address has. Check how it is written.")
	case len(local) > maxLocal:
		return tooLong()
	case local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, ".."):
		return malformedAddress("The part before the @ has a dot too many: none stands at its ends, nor two together.")
	}
	// What stands before a + is the mailbox (see Key), so it is held to the same.
	if base, _, _ := strings.Cut(local, "+"); base == "" || strings.HasSuffix(base, ".") {
		return malformedAddress("The name before the + is missing or ends in a dot.")
	}
	return nil
}

func isAtom(r rune) bool {
	return isWord(r) || strings.ContainsRune("#$&'*+-/=?^`{|}~", r)
}

func tooLong() *fault.Error {
	return malformedAddress("The address is too long: at most 64 characters stand before the @, 254 in all.")
}

func malformedAddress(message string) *fault.Error {
	return addressFault("address_malformed", message)
}

func addressFault(code, message string) *fault.Error {
	return fault.New(fault.Invalid, code, message)
}
