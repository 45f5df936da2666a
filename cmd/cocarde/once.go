package main

import (
	"context"
	"encoding/json"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

// within bounds how long the demo waits for something that must happen; what a
// suspension promises is a second.
const (
	within       = 20 * time.Second
	withinSecond = time.Second
	lookEvery    = 20 * time.Millisecond
)

// surroundings are what the demo has beside the issuer: the agents' own world.
type surroundings struct {
	issuer string
	// signIn does what a person does at their instance, and gives the callback URL.
	signIn func(ctx context.Context, a *agent) (string, error)
	// mailed waits for the newest code in a mailbox.
	mailed func(ctx context.Context, mailbox string) (string, error)
	// mails counts what a mailbox has got.
	mails func(mailbox string) int
	// badges is the command line's way to take back, beside the running server.
	badges *attest.Badges
}

// step is one thing that the demo does, and what came of it.
type step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// record is what demo --once --json prints.
type record struct {
	Steps        []step            `json:"steps"`
	Issuer       string            `json:"issuer"`
	JWKS         json.RawMessage   `json:"jwks"`
	Attestations []recorded        `json:"attestations"`
	StatusLists  map[string]string `json:"status_lists"`
}

type recorded struct {
	Public         string        `json:"public"`
	WithDisclosure string        `json:"with_disclosure"`
	Handle         string        `json:"handle"`
	BadgeURL       string        `json:"badge_url"`
	Report         verify.Report `json:"report"`
}

// story is the whole way, from a request to a revocation.
type story struct {
	surroundings
	marie, karim *agent
	record       record
	tell         func(step)
}

type deed struct {
	name string
	do   func(context.Context) (detail string, err error)
}

func (s *story) deeds() []deed {
	return []deed{
		{"the issuer publishes its keys", s.keysPublished},
		{"marie asks", s.marieAsks},
		{"no mail goes out before the account is proven", s.noMailYet},
		{"marie signs in at her instance", s.marieSignsIn},
		{"a guessed code is refused", s.guess},
		{"marie types the code from her mailbox", s.marieTypesCode},
		{"marie gets her attestation", s.marieIssued},
		{"asking again gives the same answer", s.repeated},
		{"a second request for her account is refused", s.secondRefused},
		{"karim asks", s.karimAsks},
		{"a callback with a forged state is refused", s.forgedState},
		{"a callback in another browser proves nothing by itself", s.foreignBrowser},
		{"karim types the code from his mailbox and gets his attestation", s.karimIssued},
		{"both attestations hold", s.bothHold},
		{"both hold offline, from keys and list alone", s.bothHoldOffline},
		{"a tampered token fails", s.tampered},
		{"a token beside another account fails", s.otherAccount},
		{"a suspension is seen within a second", s.suspended},
		{"a resumption is seen within a second", s.resumed},
		{"a revocation is seen within a second", s.revoked},
		{"the status list says so too", s.listed},
	}
}

// run does it all and says whether each step did what it should. After a step
// that failed the rest would mean nothing.
func (s *story) run(ctx context.Context) bool {
	for _, d := range s.deeds() {
		detail, err := d.do(ctx)
		if err != nil {
			detail = err.Error()
		}
		done := step{Name: d.name, OK: err == nil, Detail: detail}
		s.record.Steps = append(s.record.Steps, done)
		s.tell(done)
		if err != nil {
			return false
		}
	}
	return true
}
