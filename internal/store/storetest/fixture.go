package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/retention"
	"cocarde.example/verify"
)

// now is the moment at which everything here happens.
var now = time.Date(2026, 11, 22, 10, 30, 0, 123456000, time.UTC)

const validity = 180 * 24 * time.Hour

// racers is how many goroutines race, half of them through a second store on
// the same database.
const racers = 8

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got error %v, want %v", err, target)
	}
}

// same compares what was read with what was written.
func same(t *testing.T, got, want any) {
	t.Helper()
	opts := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b acct.Handle) bool { return a == b }),
		cmp.Comparer(func(a, b acct.Host) bool { return a == b })}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

// race runs an act in many goroutines at once, and counts those that succeeded.
// The others must have failed with the given error.
func race(t *testing.T, db Database, lost error, act func(s Store, n int) error) (won int) {
	t.Helper()
	stores := []Store{db.Open(t), db.Open(t)}
	errs := make([]error, racers)
	var start, done sync.WaitGroup
	start.Add(1)
	for n := range racers {
		done.Go(func() {
			start.Wait()
			errs[n] = act(stores[n%2], n)
		})
	}
	start.Done()
	done.Wait()
	for _, err := range errs {
		if err == nil {
			won++
		} else if lost == nil || !errors.Is(err, lost) {
			t.Fatalf("lost the race with %v, want %v", err, lost)
		}
	}
	return won
}

func hash(format string, n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, format, n), 4)
}

func actor(t *testing.T, n int) attest.Actor {
	t.Helper()
	h, err := acct.ParseHandle(fmt.Sprintf("@Marie%d@social.example", n))
	must(t, err)
	home, err := acct.ParseHost("home.social.example")
	must(t, err)
	return attest.Actor{
		ID:     fmt.Sprintf("https://home.social.example/users/%d", n),
		URL:    fmt.Sprintf("https://home.social.example/@Marie%d", n),
		Handle: h,
		Host:   home,
	}
}

var agency = attest.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"}

func request(t *testing.T, n int) (attest.Request, attest.SignIn) {
	t.Helper()
	r := attest.Request{
		ID:         fmt.Sprintf("request%05d", n),
		Purpose:    attest.ForIssue,
		BadgeID:    fmt.Sprintf("badge%07d", n),
		TokenHash:  hash("token %d", n),
		State:      attest.AwaitingAccountProof,
		Actor:      actor(t, n),
		Mailbox:    hash("sealed %d", n),
		MailboxKey: hash("mailbox %d", n),
		Agency:     agency,
		Lang:       "fr",
		Listed:     true,
		Method:     attest.ByOAuth,
		CreatedAt:  now,
		ExpiresAt:  now.Add(retention.Request),
		SignIns:    1,
	}
	return r, signIn(n)
}

func signIn(n int) attest.SignIn {
	return attest.SignIn{
		StateHash: hash("state %d", n),
		Browser:   hash("browser %d", n),
		Verifier:  hash("verifier %d", n),
		ExpiresAt: now.Add(10 * time.Minute),
	}
}

func code(n int) attest.Code {
	return attest.Code{Hash: hash("code %d", n), ExpiresAt: now.Add(retention.Code)}
}

func mail(n int) *attest.OutboxEntry {
	return &attest.OutboxEntry{Kind: attest.OutboxMail, Body: hash("mail %d", n), NotBefore: now, NotAfter: now.Add(retention.Code)}
}

// begun keeps a request.
func begun(t *testing.T, s Store, n int) attest.Request {
	t.Helper()
	r, in := request(t, n)
	must(t, s.AddRequest(t.Context(), r, &in))
	return r
}

// mailed keeps one whose account is proven.
func mailed(t *testing.T, s Store, n int) attest.Request {
	t.Helper()
	r := begun(t, s, n)
	must(t, s.ProveAccount(t.Context(), r.ID, now, code(n), nil))
	return r
}

// proven keeps one with both proofs.
func proven(t *testing.T, s Store, n int) attest.Request {
	t.Helper()
	return provenFor(t, s, n, actor(t, n), hash("mailbox %d", n))
}

func provenFor(t *testing.T, s Store, n int, a attest.Actor, mailboxKey []byte) attest.Request {
	t.Helper()
	r, in := request(t, n)
	r.Actor, r.MailboxKey = a, mailboxKey
	must(t, s.AddRequest(t.Context(), r, &in))
	must(t, s.ProveAccount(t.Context(), r.ID, now, code(n), nil))
	must(t, s.ProveMailbox(t.Context(), r.ID, code(n).Hash, now))
	return r
}

// issuance is what ends a request.
func issuance(r attest.Request, list, index int64) attest.Issuance {
	jti := "jti-" + r.ID
	token := "header.payload-" + r.ID + ".signature"
	b := attest.Badge{
		ID: r.BadgeID, Kind: attest.AgencyMailbox, Actor: r.Actor, Agency: r.Agency,
		OwnKey: hash("own %d", 1), Mailbox: r.Mailbox, MailboxKey: r.MailboxKey, Lang: r.Lang, Listed: r.Listed, Status: verify.Valid,
		CreatedAt: now, ChangedAt: now, MailboxProofAt: now.Add(-time.Microsecond),
		AccountVRF: []byte("vrf of " + r.BadgeID), AgencyVRF: []byte("vrf of " + r.Agency.Domain),
	}
	return attest.Issuance{
		RequestID: r.ID,
		Badge:     b,
		Attestation: attest.Attestation{
			JTI: jti, BadgeID: b.ID, Token: token + "~", KID: "kid", List: list, Index: index,
			IssuedAt: now.Truncate(time.Hour), ExpiresAt: now.Add(validity),
		},
		Event: attest.Event{
			Kind: attest.EventIssued, At: now, By: "agent", BadgeID: b.ID, JTI: jti, List: list, Index: index,
			TokenHash: []byte("hash of " + token), KID: "kid",
		},
		Mail: mail(1), ReplacedMail: mail(2),
	}
}

// issued issues for a proven request.
func issued(t *testing.T, s Store, r attest.Request) attest.Issuance {
	t.Helper()
	list, index, err := s.FreeIndex(t.Context())
	must(t, err)
	i := issuance(r, list, index)
	must(t, s.Issue(t.Context(), i))
	return i
}

func published(i attest.Issuance) attest.Published {
	return attest.Published{Badge: i.Badge, Attestation: i.Attestation}
}

func due(t *testing.T, s Store) []attest.OutboxEntry {
	t.Helper()
	entries, err := s.DueOutbox(t.Context(), attest.OutboxMail, now.Add(time.Hour), 1000)
	must(t, err)
	return entries
}
