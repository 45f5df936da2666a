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
	errSeveralBadges = fault.New(fault.Invalid, "badges_several",
		"What you pasted leads to more than one badge or account. Paste the link of the one that you want checked.").At("/what")
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
	address  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i:https?)://[^\s"'<>()\[\]]+`) })
	userPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^/@[^/@]+/?$`) })
)

const (
	// longestHandle is longer than any handle or link, in bytes.
	longestHandle = 500
	// longestSnippet is longer than any line that is handed out to be pasted, in bytes.
	longestSnippet = 4 << 10
)

// subjectOf tells what was pasted.
func (s *Web) subjectOf(typed string) (subject, error) {
	switch {
	case len(typed) > verify.MaxToken:
		return subject{}, errTokenTooLarge
	case badgeID().MatchString(typed):
		return subject{id: typed}, nil
	case isSnippet(typed):
		return s.quoted(typed)
	case isLink(typed):
		return s.linked(typed)
	case strings.HasPrefix(typed, hostOf(s.issuer)+"/"): // as browsers show it
		return s.linked(s.issuer + strings.TrimPrefix(typed, hostOf(s.issuer)))
	case isToken(typed), len(typed) > longestHandle:
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

// isToken recognises attestations, and what is left of one. Handles may begin alike,
// but have a sign that no token has.
func isToken(typed string) bool {
	return strings.HasPrefix(typed, "eyJ") && !strings.Contains(typed, "@") || strings.Contains(typed, "~")
}

// isLink compares schemes without case (RFC 3986 §3.1).
func isLink(typed string) bool {
	scheme, _, found := strings.Cut(typed, "://")
	return found && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

// isSnippet recognises what a badge's page hands out to be embedded, in Markdown
// or HTML. No handle, link or token begins so.
func isSnippet(typed string) bool {
	return len(typed) <= longestSnippet && (strings.HasPrefix(typed, "[") || strings.HasPrefix(typed, "<"))
}

// quoted tells whose badge a snippet leads to. Its picture and its link may be of
// two badges, to mislead: then it is refused.
func (s *Web) quoted(typed string) (subject, error) {
	var found subject
	for _, link := range address().FindAllString(typed, -1) {
		what, err := s.linked(link)
		if err != nil {
			return subject{}, err
		}
		if found != (subject{}) && found != what {
			return subject{}, errSeveralBadges
		}
		found = what
	}
	if found == (subject{}) {
		return subject{}, errNothingToCheck
	}
	return found, nil
}

// linked tells whose badge a link leads to. The page of a profile stands for its handle.
func (s *Web) linked(typed string) (subject, error) {
	u, err := url.Parse(typed)
	if err != nil {
		return subject{}, errBadgeElsewhere
	}
	origin := u.Scheme + "://" + strings.ToLower(u.Host)
	if found := badgePath().FindStringSubmatch(u.Path); found != nil {
		if origin != s.issuer {
			return subject{}, errBadgeElsewhere
		}
		return subject{id: found[1]}, nil
	}
	if origin == s.issuer {
		return shared(u)
	}
	if userPath().MatchString(u.Path) {
		if h, err := acct.ParseHandle(strings.Trim(u.Path, "/") + "@" + u.Host); err == nil {
			return subject{handle: h.String()}, nil
		}
	}
	return subject{}, errBadgeElsewhere
}

// shared tells what a link to a report is about.
func shared(u *url.URL) (subject, error) {
	query := u.Query()
	if id := query.Get("id"); u.Path == "/verify" && badgeID().MatchString(id) {
		return subject{id: id}, nil
	}
	if h, err := acct.ParseHandle(query.Get("handle")); u.Path == "/verify" && err == nil {
		return subject{handle: h.String()}, nil
	}
	return subject{}, errBadgeLink
}
