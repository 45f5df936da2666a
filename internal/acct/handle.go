package acct

import (
	"strings"
	"unicode"

	"cocarde.example/internal/fault"
)

const (
	// maxHandleInput bounds a handle as typed, in bytes.
	maxHandleInput = 320
	// maxUser bounds the user part, in characters. Mastodon gives its own users
	// 30, other servers up to 64.
	maxUser = 64
)

// Handle names a fediverse account: user@host, the acct URI of RFC 7565. The
// user part keeps the case in which it was typed; compare with Equal or Key.
type Handle struct {
	user string
	host Host
}

// ParseHandle reads `@user@host`, `user@host` or `acct:user@host`, at most 320
// bytes, with ASCII white space around it or none.
//
// The user part has up to 64 ASCII letters, digits and underscores, with dots
// and hyphens between them, as Mastodon has it; the host is one of ParseHost.
//
// Errors are *fault.Error: handle_malformed, handle_confusable.
func ParseHandle(s string) (Handle, error) {
	if len(s) > maxHandleInput {
		return Handle{}, malformedHandle("The handle is too long: it has at most 320 characters.")
	}
	s = strings.Trim(s, " \t\r\n")
	if len(s) >= 5 && strings.EqualFold(s[:5], "acct:") {
		s = s[5:]
	} else {
		s = strings.TrimPrefix(s, "@")
	}
	user, rest, found := strings.Cut(s, "@")
	if !found || user == "" || rest == "" {
		return Handle{}, malformedHandle("Give the whole handle, such as @marie@social.example.org.")
	}
	if strings.Contains(rest, "@") {
		return Handle{}, malformedHandle("The handle has too many @ signs: it is written @user@host.")
	}
	if err := checkUser(user); err != nil {
		return Handle{}, err
	}
	host, err := ParseHost(rest)
	if err != nil {
		return Handle{}, under("handle", err)
	}
	return Handle{user, host}, nil
}

// User gives the part before the host, in the case in which it was typed.
func (h Handle) User() string { return h.user }

// Host gives the host that the handle names; the actor may live on another.
func (h Handle) Host() Host { return h.host }

// String gives `@user@host`; the zero Handle gives "".
func (h Handle) String() string {
	if h == (Handle{}) {
		return ""
	}
	return "@" + h.user + "@" + h.host.name
}

// URI gives `acct:user@host` (RFC 7565); the zero Handle gives "".
func (h Handle) URI() string {
	if h == (Handle{}) {
		return ""
	}
	return "acct:" + h.user + "@" + h.host.name
}

// Key gives `user@host` in lower case: equal for two spellings of one account.
func (h Handle) Key() string {
	if h == (Handle{}) {
		return ""
	}
	return strings.ToLower(h.user) + "@" + h.host.name
}

// Equal says whether both name the same account, the user's case apart.
func (h Handle) Equal(other Handle) bool { return h.Key() == other.Key() }

// checkUser holds the user part to [a-z0-9_]+([a-z0-9_.-]+[a-z0-9_]+)?.
func checkUser(user string) error {
	if strings.ContainsFunc(user, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsLetter(r) }) {
		return confusableHandle("The user name has letters that look Latin and are not, or marks on letters. Type it in plain letters.")
	}
	if strings.ContainsFunc(user, func(r rune) bool { return !isWord(r) && r != '.' && r != '-' }) {
		return malformedHandle("The user name has a character that no handle has. It is made of letters, digits, _, . and -.")
	}
	if len(user) > maxUser {
		return malformedHandle("The user name is too long: it has at most 64 characters.")
	}
	if !isWord(rune(user[0])) || !isWord(rune(user[len(user)-1])) {
		return malformedHandle("The user name begins and ends with a letter, a digit or _.")
	}
	return nil
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}

func malformedHandle(message string) *fault.Error {
	return fault.New(fault.Invalid, "handle_malformed", message)
}

func confusableHandle(message string) *fault.Error {
	return fault.New(fault.Invalid, "handle_confusable", message)
}

// under tells a host's fault as one of the name that it is part of:
// host_malformed becomes handle_malformed or address_malformed.
func under(part string, err error) error {
	e, ok := fault.Of(err)
	if !ok {
		return err
	}
	code := part + strings.TrimPrefix(e.Code, "host")
	return fault.New(e.Kind, code, e.Message).Because(err)
}
