package verify

// Refusal is the report of something that never came to be checked: no token was
// found, or whoever has it is not trusted or cannot be reached.
func Refusal(code Code, detail string) Report {
	check := checkFormat
	switch code {
	case IssuerUntrusted, IssuerUnreachable, IssuerMismatch:
		check = checkIssuer
	}
	r := newReport(nil, nil, AnyAccount(), &failure{check, code, detail})
	for i := range check {
		r.Checks[i].Outcome = Skipped
	}
	return r
}
