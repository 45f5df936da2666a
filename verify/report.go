package verify

import (
	"time"
)

// Outcome is the verdict on a whole token.
type Outcome string

// The outcomes. Unknown means that the issuer or its status list could not be
// had: an outage is not a verdict.
const (
	OutcomeValid   Outcome = "valid"
	OutcomeInvalid Outcome = "invalid"
	OutcomeUnknown Outcome = "unknown"
)

// CheckOutcome is what became of one check.
type CheckOutcome string

// What can become of a check.
const (
	Passed  CheckOutcome = "passed"
	Failed  CheckOutcome = "failed"
	Skipped CheckOutcome = "skipped"
)

// Report lists every check, in order. Valid is true only if all that apply hold;
// Code is that of the first that failed, empty when none did.
type Report struct {
	Valid   bool    `json:"valid"`
	Outcome Outcome `json:"outcome"`
	Code    Code    `json:"code"`
	// Status is "valid", "suspended" or "revoked" as the list says, and empty when
	// the list was not reached.
	Status string  `json:"status"`
	Checks []Check `json:"checks"`
	// Attestation is what the issuer signed; absent unless its signature, its
	// disclosures and its claims held.
	Attestation *Attested `json:"attestation,omitempty"`
}

// Check is one line of a report.
type Check struct {
	Name    string       `json:"name"`
	Outcome CheckOutcome `json:"outcome"`
	Code    Code         `json:"code,omitempty"`
	Detail  string       `json:"detail,omitempty"`
}

// Attested is what an attestation says.
type Attested struct {
	ID        string    `json:"id"`     // jti
	Type      string    `json:"type"`   // "agency-mailbox" or "agency-account"
	Issuer    string    `json:"issuer"` // iss
	Handle    string    `json:"handle"` // "@user@host", from acct
	Actor     string    `json:"actor"`  // sub
	Agency    Agency    `json:"agency"`
	IssuedAt  time.Time `json:"issued_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Mailbox   string    `json:"mailbox,omitempty"` // disclosed email
}

const (
	adviseHandle     = "the account was not given: make sure that the handle shown here is that of the account you look at"
	noLogProof       = "no log proof was given"
	noDelegationList = "the agencies that this issuer may vouch for are not known here"
	noAccountRecheck = "the account was not looked at again"
)

// newReport draws up the report of a token whose checks went up to fail (nil: to
// the end). what is nil until the claims are believed, status nil until read.
func newReport(what *believed, status *Status, account Account, fail *failure) Report {
	r := Report{Checks: make([]Check, checkCount)}
	for i := range r.Checks {
		r.Checks[i] = Check{Name: checkNames[i], Outcome: Passed}
		if fail != nil && i > fail.check {
			r.Checks[i].Outcome = Skipped
		}
	}
	if fail == nil || fail.check > checkSubject {
		r.skipInapplicable(account)
	}
	if what != nil {
		a := what.attested
		r.Attestation = &a
	}
	if status != nil {
		r.Status = status.String()
	}
	if fail == nil {
		r.Valid, r.Outcome = true, OutcomeValid
		return r
	}
	c := &r.Checks[fail.check]
	c.Outcome, c.Code, c.Detail = Failed, fail.code, fail.detail
	r.Outcome, r.Code = OutcomeInvalid, fail.code
	if fail.code == IssuerUnreachable || fail.code == StatusUnavailable {
		r.Outcome = OutcomeUnknown
	}
	return r
}

// skipInapplicable marks the checks for which the caller or the token brought nothing.
func (r *Report) skipInapplicable(account Account) {
	skip := func(check int, detail string) {
		r.Checks[check].Outcome, r.Checks[check].Detail = Skipped, detail
	}
	if account.any {
		skip(checkSubject, adviseHandle)
	}
	skip(checkLog, noLogProof)
	skip(checkDelegation, noDelegationList)
	skip(checkAccount, noAccountRecheck)
}
