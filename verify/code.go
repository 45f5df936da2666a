package verify

import "fmt"

// Code says why a check failed. Codes are stable.
type Code string

// The codes, in the order in which their causes are looked for.
const (
	MalformedToken    Code = "malformed_token"
	AlgNotAllowed     Code = "alg_not_allowed"
	WrongTyp          Code = "wrong_typ"
	UnsupportedCrit   Code = "unsupported_crit"
	IssuerUntrusted   Code = "issuer_untrusted"
	IssuerUnreachable Code = "issuer_unreachable"
	IssuerMismatch    Code = "issuer_mismatch"
	KeyNotFound       Code = "key_not_found"
	KeyRevoked        Code = "key_revoked"
	BadSignature      Code = "bad_signature"
	DisclosureInvalid Code = "disclosure_invalid"
	ClaimMissing      Code = "claim_missing"
	VCTUnsupported    Code = "vct_unsupported"
	NotYetValid       Code = "not_yet_valid"
	Expired           Code = "expired"
	SubjectMismatch   Code = "subject_mismatch"
	StatusUnavailable Code = "status_unavailable"
	StatusInvalid     Code = "status_invalid"
	StatusRevoked     Code = "revoked"
	StatusSuspended   Code = "suspended"
)

// The checks, in their order.
const (
	checkFormat = iota
	checkAlgorithm
	checkType
	checkCritical
	checkIssuer
	checkKey
	checkSignature
	checkDisclosures
	checkClaims
	checkVCT
	checkTime
	checkSubject
	checkStatus
	checkLog
	checkDelegation
	checkAccount
	checkCount
)

var checkNames = [checkCount]string{
	"format", "algorithm", "type", "critical", "issuer", "key", "signature", "disclosures",
	"claims", "vct", "time", "subject", "status", "log", "delegation", "account",
}

// failure is the first check that did not hold.
type failure struct {
	check  int
	code   Code
	detail string
}

func failed(check int, code Code, format string, args ...any) *failure {
	return &failure{check, code, fmt.Sprintf(format, args...)}
}
