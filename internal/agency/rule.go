package agency

import (
	"errors"
	"fmt"
	"strings"

	"cocarde.example/internal/acct"
)

// Pattern says which mail domains a rule speaks of.
type Pattern string

// The patterns.
const (
	Exact      Pattern = "exact"      // the rule's domain alone
	Subdomains Pattern = "subdomains" // the rule's domain and every one below it
)

// Tier says how much a rule knows of who stands behind its mail domains.
type Tier string

// The tiers.
const (
	Agency  Tier = "agency"  // one agency, by name
	Generic Tier = "generic" // a public body, but the rule does not say which
)

// State says whether a rule is in force.
type State string

// The states.
const (
	Active    State = "active"
	Candidate State = "candidate" // waits for review: passed over
	Suspended State = "suspended" // refuses its domain and all below, whatever its Pattern
)

// Rule is one line of the registry. It is one mail domain's, and that of the
// domains below where Match is Subdomains.
type Rule struct {
	Domain acct.Host
	Match  Pattern
	// Except leaves out mail domains below Domain that have a certain label: the
	// form "etu.*" leaves out etu.univ.example and mail.etu.univ.example.
	Except  []string
	Tier    Tier
	Name    string // of the agency, in its own language; empty when Generic
	Country string // ISO 3166-1 alpha-2, or "EU"
	Source  string // where the fact can be looked up
	State   State
}

// check says what is wrong with a rule, nil when nothing is.
func (r Rule) check() error {
	switch {
	case r.Domain == (acct.Host{}) || r.Domain.Loopback():
		return errors.New("no public mail domain")
	case r.Match != Exact && r.Match != Subdomains:
		return fmt.Errorf("match is exact or subdomains, not %q", r.Match)
	case r.Tier != Agency && r.Tier != Generic:
		return fmt.Errorf("tier is agency or generic, not %q", r.Tier)
	case r.State != Active && r.State != Candidate && r.State != Suspended:
		return fmt.Errorf("state is active, candidate or suspended, not %q", r.State)
	case (r.Tier == Agency) != (r.Name != ""):
		return errors.New("a rule of tier agency has a name, a generic one has none")
	case len(r.Country) != 2 || strings.Trim(r.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return fmt.Errorf("country is two capital letters, not %q", r.Country)
	case r.Source == "":
		return errors.New("the source is missing")
	case r.Match == Exact && len(r.Except) > 0:
		return errors.New("an exact rule has nothing to leave out")
	}
	for _, e := range r.Except {
		label, ok := strings.CutSuffix(e, ".*")
		h, err := acct.ParseHost(label + ".example")
		if !ok || err != nil || strings.Contains(label, ".") || h.String() != label+".example" {
			return fmt.Errorf("an exclusion is written LABEL.*, not %q", e)
		}
	}
	return nil
}

// decides says whether the rule has the last word on a mail domain that is its
// own, or lies below. A suspended rule has it either way: else a label put before
// a suspended domain would lead to a broader rule.
func (r Rule) decides(below bool) bool {
	return !below || r.Match == Subdomains || r.State == Suspended
}

// excludes says whether the labels before the rule's domain are left out.
func (r Rule) excludes(labels string) bool {
	if len(r.Except) == 0 {
		return false
	}
	for label := range strings.SplitSeq(labels, ".") {
		for _, e := range r.Except {
			if strings.TrimSuffix(e, ".*") == label {
				return true
			}
		}
	}
	return false
}
