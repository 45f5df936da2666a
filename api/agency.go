package api

import (
	"net/http"
	"net/url"
	"strconv"

	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
)

const (
	usualPage = 100
	maxPage   = 1000
)

var (
	errLimit = fault.New(fault.Invalid, "limit_invalid",
		"A page has 1 to 1000 items. Give limit once, within these.").At("/limit")
	errCursor = fault.New(fault.Invalid, "cursor_invalid",
		"Give the next of the page before as cursor, once and as it is.").At("/cursor")
)

// listAgencies shows the rules page by page. A cursor is the number of rules
// before the page.
func (a *API) listAgencies(r *http.Request, _ none) (answer[AgencyPage], error) {
	query := r.URL.Query()
	limit, err := number(query, "limit", usualPage, errLimit)
	if err != nil {
		return answer[AgencyPage]{}, err
	}
	if limit < 1 || limit > maxPage {
		return answer[AgencyPage]{}, errLimit
	}
	rules := a.agencies.Rules()
	start, err := number(query, "cursor", 0, errCursor)
	if err != nil {
		return answer[AgencyPage]{}, err
	}
	if start < 0 || start > len(rules) {
		return answer[AgencyPage]{}, errCursor
	}
	page := AgencyPage{Items: []AgencyRule{}} // to its readers an empty list is []
	stop := min(start+limit, len(rules))
	for _, rule := range rules[start:stop] {
		page.Items = append(page.Items, ruleOf(rule))
	}
	if stop < len(rules) {
		page.Next = optional(strconv.Itoa(stop))
	}
	return ok(page), nil
}

// number reads a query's member that may stand once, in decimal.
func number(query url.Values, name string, usual int, refusal error) (int, error) {
	values, given := query[name]
	if !given {
		return usual, nil
	}
	n, err := strconv.Atoi(values[0])
	if err != nil || len(values) > 1 {
		return 0, refusal
	}
	return n, nil
}

func ruleOf(r agency.Rule) AgencyRule {
	rule := AgencyRule{
		Domain: r.Domain.String(), Match: AgencyRuleMatch(r.Match), Tier: AgencyRuleTier(r.Tier),
		Name: optional(r.Name), Country: r.Country, Source: r.Source, State: AgencyRuleState(r.State),
	}
	if len(r.Except) > 0 {
		rule.Except = &r.Except
	}
	return rule
}
