package verify

import "strings"

// Account is the fediverse account beside which a token was shown. A public token
// can be copied next to another account, so every caller has to name one. The zero
// Account matches none.
type Account struct {
	any  bool
	acct string // "user@host" in lower case
}

// ForHandle names the account of a handle: "@user@host", "user@host" or
// "acct:user@host". User and host compare without regard to case; an international
// host is written in A-labels. What is not a handle matches no account.
func ForHandle(handle string) Account {
	h := strings.TrimPrefix(handle, "@")
	if h == handle {
		h = strings.TrimPrefix(handle, "acct:")
	}
	acct, ok := parseAcct(h)
	if !ok {
		return Account{}
	}
	return Account{acct: acct}
}

// AnyAccount leaves the comparison to the caller, who must then compare the handle
// of the report with the account looked at.
func AnyAccount() Account { return Account{any: true} }

// parseAcct splits "user@host" at its only "@" and gives it in lower case. Letters
// outside ASCII are left alone: Unicode folds some of them onto ASCII ones.
func parseAcct(s string) (string, bool) {
	user, host, ok := strings.Cut(s, "@")
	if !ok || user == "" || host == "" || len(s) > 512 {
		return "", false
	}
	lower := []byte(s)
	for i, c := range lower {
		switch {
		case c <= ' ' || c == 0x7f || c == '/' || c == '@' && i != len(user):
			return "", false
		case 'A' <= c && c <= 'Z':
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower), true
}
