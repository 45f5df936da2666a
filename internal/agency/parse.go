package agency

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"cocarde.example/internal/acct"
)

//go:embed starter.txt
var starter string

var builtin = sync.OnceValues(func() (*Registry, error) { return Parse(strings.NewReader(starter)) })

// Builtin gives the starter set. It is read at the first call.
func Builtin() (*Registry, error) { return builtin() }

// Parse reads rules in the format of starter.txt, which its head explains. An
// error tells the line.
func Parse(in io.Reader) (*Registry, error) {
	var rules []Rule
	var country, source string
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if value, ok := strings.CutPrefix(line, "country:"); ok {
			country = strings.TrimSpace(value)
			continue
		}
		if value, ok := strings.CutPrefix(line, "source:"); ok {
			source = strings.TrimSpace(value)
			continue
		}
		rule, err := parseRule(strings.Fields(line))
		rule.Country, rule.Source = country, source
		if err == nil {
			err = rule.check()
		}
		if err != nil {
			return nil, fmt.Errorf("agency: line %d: %w", n, err)
		}
		rules = append(rules, rule)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("agency: read rules: %w", err)
	}
	return New(rules)
}

// parseRule reads DOMAIN TIER MATCH STATE [-LABEL.*]... [NAME].
func parseRule(fields []string) (Rule, error) {
	if len(fields) < 4 {
		return Rule{}, errors.New("a rule has a domain, a tier, a match and a state")
	}
	domain, err := acct.ParseHost(fields[0])
	if err != nil {
		return Rule{}, err
	}
	r := Rule{Domain: domain, Tier: Tier(fields[1]), Match: Pattern(fields[2]), State: State(fields[3])}
	rest := fields[4:]
	for len(rest) > 0 && rest[0][0] == '-' {
		r.Except = append(r.Except, rest[0][1:])
		rest = rest[1:]
	}
	r.Name = strings.Join(rest, " ")
	return r, nil
}
