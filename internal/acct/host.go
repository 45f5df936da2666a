package acct

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"cocarde.example/internal/fault"
)

const (
	// maxHostInput bounds a host as typed, in bytes: 253 octets of A-labels can
	// stand for about three times as many of UTF-8.
	maxHostInput = 800
	// maxHost bounds the canonical form, port included (RFC 1035 §2.3.4).
	maxHost = 253
)

// Host is the DNS name of an instance or of a mail domain, in lower-case
// A-labels (RFC 5890 §2.3.2.1). Only names on loopback carry a port.
type Host struct{ name string }

// ParseHost reads a host name, in A-labels or U-labels, in any case.
//
// It has at least two labels, no trailing dot, no underscore, no user part, and
// is no IP address in any spelling. Only `localhost` and names below it may be
// followed by `:port`, so that a demonstration can run on one machine; makers
// of outbound connections refuse them everywhere else. IDNA2008's registration
// rules apply (RFC 5891 §4): compatibility forms are refused, not folded.
//
// Errors are *fault.Error: host_malformed, host_confusable.
func ParseHost(s string) (Host, error) {
	if len(s) > maxHostInput {
		return Host{}, malformedHost("The host name is too long: a name has at most 253 characters.")
	}
	name, port, hasPort := strings.Cut(s, ":")
	name, err := parseName(name)
	if err != nil {
		return Host{}, err
	}
	loopback := isLoopback(name)
	switch {
	case hasPort && !loopback:
		return Host{}, malformedHost("Give the host name alone, without a port.")
	case hasPort && !validPort(port):
		return Host{}, malformedHost("The port is a number from 1 to 65535.")
	case !loopback && !strings.Contains(name, "."):
		return Host{}, malformedHost("Give the full host name, such as social.example.org.")
	case !loopback && endsInNumber(name):
		return Host{}, malformedHost("Give a host name, not an IP address.")
	}
	if hasPort {
		name += ":" + port
	}
	if len(name) > maxHost {
		return Host{}, malformedHost("The host name is too long: a name has at most 253 characters.")
	}
	return Host{name}, nil
}

// String gives the name in lower-case A-labels, with the port of a loopback
// name; the zero Host gives "".
func (h Host) String() string { return h.name }

// Unicode gives the name in U-labels, for people to read.
func (h Host) Unicode() string {
	u, err := idna.Registration.ToUnicode(h.name)
	if err != nil { // a port: loopback names only
		return h.name
	}
	return u
}

// Loopback says whether the name is localhost or below it (RFC 6761 §6.3).
func (h Host) Loopback() bool {
	name, _, _ := strings.Cut(h.name, ":")
	return isLoopback(name)
}

// parseName gives the lower-case A-labels of a name without port.
func parseName(s string) (string, error) {
	if s == "" {
		return "", malformedHost("The host name is missing.")
	}
	if strings.HasSuffix(s, ".") {
		return "", malformedHost("Remove the dot at the end of the host name.")
	}
	if !norm.NFKC.IsNormalString(s) {
		return "", malformedHost("The host name has characters in a compatibility form, such as full-width letters. Type them plainly.")
	}
	name, err := idna.Registration.ToASCII(strings.Map(lower, s))
	if err != nil {
		return "", malformedHost("This is not a host name. Give a name such as social.example.org.").Because(err)
	}
	display, err := idna.Registration.ToUnicode(name)
	if err != nil {
		return "", malformedHost("This is not a host name. Give a name such as social.example.org.").Because(err)
	}
	if display == name {
		return name, nil
	}
	// One name, one spelling: what the A-labels say must encode to them again.
	if again, err := idna.Registration.ToASCII(display); err != nil || again != name {
		return "", malformedHost("A label of the host name that begins with xn-- is not valid Punycode.")
	}
	if err := checkLabels(display); err != nil {
		return "", err
	}
	return name, nil
}

// lower is unicode.ToLower but for letters that it would turn into ASCII (İ into
// i): those stay, and IDNA refuses them.
func lower(r rune) rune {
	if l := unicode.ToLower(r); r <= unicode.MaxASCII || l > unicode.MaxASCII {
		return l
	}
	return r
}

func isLoopback(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == s
}

// endsInNumber recognises what resolvers and browsers read as an IPv4 address:
// a last label in decimal, octal or hexadecimal (WHATWG URL §3.5).
func endsInNumber(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if strings.Trim(last, "0123456789") == "" {
		return last != ""
	}
	hex, ok := strings.CutPrefix(last, "0x")
	return ok && strings.Trim(hex, "0123456789abcdef") == ""
}

func malformedHost(message string) *fault.Error {
	return fault.New(fault.Invalid, "host_malformed", message)
}
