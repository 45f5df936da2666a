package web

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

const (
	// maxCheck bounds the form, in bytes: the longest token fits, escaped.
	maxCheck = 96 << 10
	// maxClaimed bounds the issuer that is repeated of a stranger's token, in bytes.
	maxClaimed = 200
)

var (
	errBadgeElsewhere = fault.New(fault.Invalid, "badge_elsewhere",
		"This link does not lead to a badge of this issuer. Open it on its own site, or paste the attestation itself.").At("/what")
	errBadgeLink = fault.New(fault.Invalid, "badge_link_malformed",
		"This link leads to this site, but to no badge. The link of a badge has /b/ and 12 letters and digits at its end. Copy it again, whole.").At("/what")
	errNothingToCheck = fault.New(fault.Invalid, "nothing_to_check",
		"Paste what you want to check: a handle written in full, such as @marie@social.example, the link of a badge, or an attestation.").At("/what")
	errTokenTooLarge = fault.New(fault.TooLarge, "attestation_too_large",
		"An attestation has at most 64 KiB. This is none.").At("/what")
)

// subject is what somebody wants checked: exactly one of these.
type subject struct{ handle, id, token string }

var (
	badgeID   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{12}$`) })
	badgePath = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^/(?:b|v1/attestations)/([0-9a-hjkmnp-tv-z]{12})(?:[./].*)?$`)
	})
	userPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^/@[^/@]+/?$`) })
)

// longestHandle is longer than any handle or link, in bytes.
const longestHandle = 500

// subjectOf tells what was pasted.
func (s *Web) subjectOf(typed string) (subject, error) {
	switch {
	case len(typed) > verify.MaxToken:
		return subject{}, errTokenTooLarge
	case badgeID().MatchString(typed):
		return subject{id: typed}, nil
	case strings.HasPrefix(typed, "https://"), strings.HasPrefix(typed, "http://"):
		return s.linked(typed)
	case strings.HasPrefix(typed, hostOf(s.issuer)+"/"): // as browsers show it
		return s.linked(s.issuer + strings.TrimPrefix(typed, hostOf(s.issuer)))
	case strings.HasPrefix(typed, "eyJ"), strings.Contains(typed, "~"), len(typed) > longestHandle:
		return subject{token: typed}, nil
	case !strings.Contains(typed, "@"):
		return subject{}, errNothingToCheck
	}
	h, err := acct.ParseHandle(typed)
	if err != nil {
		return subject{}, under("/what", err)
	}
	return subject{handle: h.String()}, nil
}

// linked tells whose badge a link leads to. The page of a profile stands for its handle.
func (s *Web) linked(typed string) (subject, error) {
	u, err := url.Parse(typed)
	if err != nil {
		return subject{}, errBadgeElsewhere
	}
	if found := badgePath().FindStringSubmatch(u.Path); found != nil {
		if u.Scheme+"://"+u.Host != s.issuer {
			return subject{}, errBadgeElsewhere
		}
		return subject{id: found[1]}, nil
	}
	if u.Scheme+"://"+u.Host == s.issuer {
		return subject{}, errBadgeLink
	}
	if userPath().MatchString(u.Path) {
		if h, err := acct.ParseHandle(strings.Trim(u.Path, "/") + "@" + u.Host); err == nil {
			return subject{handle: h.String()}, nil
		}
	}
	return subject{}, errBadgeElsewhere
}
