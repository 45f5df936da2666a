package agency

import (
	"fmt"
	"slices"
	"strings"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
)

// The refusals of Match.
var (
	ErrNotListed = fault.New(fault.Invalid, "domain_not_listed",
		"No listed agency uses this mail domain. Check its spelling, or ask whoever runs this service to add your agency.")
	ErrSuspended = fault.New(fault.Forbidden, "domain_suspended",
		"Attestations for this mail domain are suspended for now. Ask whoever runs this service.")
	ErrExcluded = fault.New(fault.Invalid, "domain_excluded",
		"This mail domain belongs to a listed agency, but not to its agents. Give the address that the agency gives to its own staff.")
)

// Registry is a set of rules, at most one in force for each domain. It does not
// change and is safe for concurrent use.
type Registry struct {
	rules   []Rule
	inForce map[string]*Rule // by domain; candidates are left out
}

// New makes a Registry of rules, from a file or a database. A rule that cannot
// be, and a second one for the same domain, are errors; candidates may stand
// beside the rule that they would replace.
func New(rules []Rule) (*Registry, error) {
	r := &Registry{rules: slices.Clone(rules), inForce: make(map[string]*Rule, len(rules))}
	for i := range r.rules {
		rule := &r.rules[i]
		domain := rule.Domain.String()
		if err := rule.check(); err != nil {
			return nil, fmt.Errorf("agency: rule %d, %q: %w", i+1, domain, err)
		}
		if rule.State == Candidate {
			continue
		}
		if r.inForce[domain] != nil {
			return nil, fmt.Errorf("agency: rule %d: a second one for %q", i+1, domain)
		}
		r.inForce[domain] = rule
	}
	return r, nil
}

// Rules gives all rules, candidates included, in the order in which they came.
func (r *Registry) Rules() []Rule { return slices.Clone(r.rules) }

// Match is what a mail domain's rule says of it.
type Match struct {
	Rule Rule
	// Domain is what an attestation names: the rule's domain where that names an
	// agency, the mailbox's own where it does not.
	Domain acct.Host
	// Name is the agency's, empty under a generic rule.
	Name    string
	Country string
	// NeedsMX says that the mail domain counts only with an MX record of its own:
	// a rule for all subdomains cannot know which of them are mail domains, and a
	// forgotten web host may have been taken over.
	NeedsMX bool
}

// Match finds the rule for a mail domain. Whole labels are compared; the longest
// domain among the rules that speak of it decides, whatever its state, and only
// candidates are passed over.
//
// Errors: ErrNotListed, ErrSuspended, ErrExcluded.
func (r *Registry) Match(mail acct.Host) (Match, error) {
	name := mail.String()
	for suffix := name; suffix != ""; {
		if rule := r.inForce[suffix]; rule != nil && rule.decides(suffix != name) {
			return rule.verdict(mail)
		}
		_, suffix, _ = strings.Cut(suffix, ".")
	}
	return Match{}, ErrNotListed
}

// verdict is what a rule says of a mail domain on which it decides.
func (r Rule) verdict(mail acct.Host) (Match, error) {
	if r.State == Suspended {
		return Match{}, ErrSuspended
	}
	if r.excludes(strings.TrimSuffix(mail.String(), r.Domain.String())) {
		return Match{}, ErrExcluded
	}
	m := Match{Rule: r, Domain: mail, Country: r.Country, NeedsMX: r.Match == Subdomains}
	if r.Tier == Agency {
		m.Domain, m.Name = r.Domain, r.Name
	}
	return m, nil
}
