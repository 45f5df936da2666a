package attest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
	"cocarde.example/internal/translog"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

const issuer = "https://cocarde.example.org"

var began = time.Date(2026, 11, 22, 10, 30, 15, 0, time.UTC)

// world is the domain on a real database, with the network's part played here.
type world struct {
	*attest.Requests
	config    attest.RequestsConfig
	badges    *attest.Badges
	store     *store.Store
	vault     vault
	fediverse *fediverse
	mx        *mx
	log       *bytes.Buffer
	verifier  *verify.Verifier

	mu    sync.Mutex
	clock time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// newWorld makes one; change may alter what the domain is made of.
func newWorld(t *testing.T, change ...func(*attest.RequestsConfig)) *world {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "cocarde.db"), Migrate: true})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	secret, err := keys.CreateSecret(filepath.Join(t.TempDir(), "secret"))
	must(t, err)
	_, data := keys.NewDataKeys(secret)
	vrf, err := translog.NewVRF(data.VRF.Bytes())
	must(t, err)
	registry, err := agency.Builtin()
	must(t, err)
	signing := newSigner(t)
	must(t, s.FoundIssuer(t.Context(), store.Identity{Origin: issuer, ActorKey: []byte("sealed"), SigningKeys: []keys.Key{signing.key}}, nil))
	w := &world{
		store: s, vault: vault{data}, fediverse: newFediverse(), mx: &mx{}, log: &bytes.Buffer{}, clock: began,
	}
	own, err := verify.NewIssuer(issuer, signing.jwks)
	must(t, err)
	w.verifier = verify.New(verify.Config{Source: source{own}, Now: w.now})
	w.config = attest.RequestsConfig{
		Issuer: issuer, Store: s, Vault: w.vault, Fediverse: w.fediverse, Mailboxes: w.mx, Agencies: registry,
		Signer: signing, Checker: checker{w.verifier}, Pseudonyms: vrf, Limits: attest.DefaultLimits(),
		Validity: attest.DefaultValidity, Mail: true, Now: w.now,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	for _, c := range change {
		c(&w.config)
	}
	w.Requests = attest.NewRequests(w.config)
	w.badges = attest.NewBadges(s, w.vault, w.now)
	return w
}

// with is the same world with other parts.
func (w *world) with(change func(*attest.RequestsConfig)) *attest.Requests {
	c := w.config
	change(&c)
	return attest.NewRequests(c)
}

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Context() context.Context
	Fatal(...any)
	Fatalf(string, ...any)
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t tb, err error, code string) {
	t.Helper()
	if got := fault.Code(err); err == nil || got != code {
		t.Fatalf("got %v, want the fault %s", err, code)
	}
}

type vault struct{ keys keys.DataKeys }

func (v vault) Seal(purpose string, plain []byte) []byte { return v.keys.Sealing.Seal(purpose, plain) }
func (v vault) Open(purpose string, sealed []byte) ([]byte, error) {
	return v.keys.Sealing.Open(purpose, sealed)
}
func (v vault) NewOwnKey() []byte { return v.keys.Sealing.NewOwnKey() }

func (v vault) SealUnder(ownKey []byte, purpose string, plain []byte) ([]byte, error) {
	s, err := v.keys.Sealing.Under(ownKey)
	if err != nil {
		return nil, err
	}
	return s.Seal(purpose, plain), nil
}

func (v vault) OpenUnder(ownKey []byte, purpose string, sealed []byte) ([]byte, error) {
	s, err := v.keys.Sealing.Under(ownKey)
	if err != nil {
		return nil, err
	}
	return s.Open(purpose, sealed)
}

func (v vault) MailboxKey(a acct.Address) []byte {
	return v.keys.Lookup.MAC("mailbox", []byte(a.Key()))
}
func (v vault) CodeHash(purpose string, parts ...string) []byte {
	var b [][]byte
	for _, p := range parts {
		b = append(b, []byte(p))
	}
	return v.keys.Codes.MAC(purpose, b...)
}

// signer signs with one key, and knows the JWKS that it stands in.
type signer struct {
	key  keys.Key
	sign func(typ string, payload []byte) (string, error)
	jwks []byte
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	priv, err := keys.Generate()
	must(t, err)
	secret, err := keys.CreateSecret(filepath.Join(t.TempDir(), "secret"))
	must(t, err)
	_, data := keys.NewDataKeys(secret)
	k, err := keys.NewKey(data.Sealing, priv, keys.Active, began, began)
	must(t, err)
	return &signer{
		key: k, jwks: []byte(`{"keys":[` + string(k.JWK) + `]}`),
		sign: func(typ string, payload []byte) (string, error) { return keys.SignJWS(priv, k.KID, typ, payload) },
	}
}

func (s *signer) Sign(typ string, payload []byte) (jws, kid string, err error) {
	jws, err = s.sign(typ, payload)
	return jws, s.key.KID, err
}

func (s *signer) Reload(context.Context) error { return nil }

// source knows one issuer, all of whose indices are valid.
type source struct{ issuer *verify.Issuer }

func (s source) Issuer(_ context.Context, iss string) (*verify.Issuer, error) {
	if iss != s.issuer.URL() {
		return nil, verify.ErrIssuerUntrusted
	}
	return s.issuer, nil
}
func (s source) Refresh(ctx context.Context, iss string) (*verify.Issuer, error) {
	return s.Issuer(ctx, iss)
}
func (s source) StatusList(context.Context, string, string) (verify.StatusReader, error) {
	return allValid{}, nil
}

type allValid struct{}

func (allValid) Status(int64) (verify.Status, error) { return verify.Valid, nil }
func (allValid) FreshUntil() time.Time               { return time.Time{} }

type checker struct{ v *verify.Verifier }

func (c checker) Verify(ctx context.Context, token string, a verify.Account) verify.Report {
	return c.v.Verify(ctx, token, a)
}

// mx says that every domain has an MX, or gives what it is told.
type mx struct {
	asked []string
	err   error
}

func (m *mx) CheckMX(_ context.Context, domain acct.Host) error {
	m.asked = append(m.asked, domain.String())
	return m.err
}

// fediverse is every instance: all accounts exist, and it is as strict as an
// instance is about states, codes, redirect URIs and PKCE verifiers.
type fediverse struct {
	mu        sync.Mutex
	resolved  int
	begun     map[string]attest.SignInAt // by state
	codes     map[string]grant
	unrevoked bool // give tokens back in vain
	n         int
}

type grant struct {
	at    attest.SignInAt
	actor string
}

func newFediverse() *fediverse {
	return &fediverse{begun: map[string]attest.SignInAt{}, codes: map[string]grant{}}
}

var errNowhere = fault.New(fault.NotFound, "handle_not_found", "There is no such account.")

func actorOf(t tb, handle string) attest.Actor {
	t.Helper()
	h, err := acct.ParseHandle(handle)
	must(t, err)
	return actor(h)
}

func actor(h acct.Handle) attest.Actor {
	id := "https://" + h.Host().String() + "/users/" + strings.ToLower(h.User())
	return attest.Actor{ID: id, URL: id, Handle: h, Host: h.Host()}
}

func (f *fediverse) Resolve(_ context.Context, h acct.Handle) (attest.Actor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resolved++
	if h.User() == "nobody" {
		return attest.Actor{}, errNowhere
	}
	return actor(h), nil
}

func (f *fediverse) AuthorizeURL(_ context.Context, a attest.SignInAt) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(a.State) < 43 || len(a.Verifier) < 43 || a.RedirectURI != issuer+"/oauth/callback/"+a.Host.String() {
		panic("a sign-in that no instance would take")
	}
	f.begun[a.State] = a
	return "https://" + a.Host.String() + "/oauth/authorize?" + url.Values{"state": {a.State}}.Encode(), nil
}

// signIn is what a person does at the instance; it gives what comes back.
func (f *fediverse) signIn(t tb, authorizeURL, asHandle string) attest.Callback {
	t.Helper()
	u, err := url.Parse(authorizeURL)
	must(t, err)
	state := u.Query().Get("state")
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.begun[state]
	if !ok {
		t.Fatalf("no sign-in was begun at %s", authorizeURL)
	}
	f.n++
	code := "code-" + state
	f.codes[code] = grant{at: at, actor: actorOf(t, asHandle).ID}
	return attest.Callback{Instance: u.Host, State: state, Code: code}
}

func (f *fediverse) FinishSignIn(_ context.Context, a attest.SignInAt, code string) (string, *attest.Revocation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, ok := f.codes[code]
	delete(f.codes, code)
	if !ok || a.Verifier != g.at.Verifier || a.RedirectURI != g.at.RedirectURI || a.Host != g.at.Host || a.State != "" {
		return "", nil, fault.New(fault.Upstream, "instance_refused", "The instance does not know this code.")
	}
	if f.unrevoked {
		return g.actor, &attest.Revocation{Host: a.Host.String(), Token: "secret-access-token"}, nil
	}
	return g.actor, nil, nil
}

// asks is what an agent asks for, as typed.
func asks(handle, email string) attest.Beginning {
	return attest.Beginning{Handle: handle, Email: email, Method: "oauth", Lang: "fr", Listed: true, Client: "192.0.2.1"}
}

const (
	marie     = "@Marie@social.example"
	karim     = "@karim@autre.example"
	mailbox   = "marie.dupont@culture.gouv.fr"
	itsDomain = "culture.gouv.fr"
)

// begins asks for an attestation.
func (w *world) begins(t tb, handle, email string) attest.Begun {
	t.Helper()
	b, err := w.Begin(t.Context(), asks(handle, email))
	must(t, err)
	return b
}

// signsIn signs in as the account asked for, in the browser that asked.
func (w *world) signsIn(t tb, b attest.Begun) attest.SignedIn {
	t.Helper()
	c := w.fediverse.signIn(t, b.AuthorizeURL, b.Handle.String())
	c.Browser = b.Browser
	s, err := w.FinishSignIn(t.Context(), c)
	must(t, err)
	return s
}

// mails gives every mail that waits, oldest first.
func (w *world) mails(t tb) (all []attest.Message) {
	t.Helper()
	for _, e := range w.outbox(t) {
		if e.Kind != attest.OutboxMail {
			continue
		}
		plain, err := w.vault.Open(attest.SealMail, e.Body)
		must(t, err)
		var m attest.Message
		must(t, json.Unmarshal(plain, &m))
		all = append(all, m)
	}
	return all
}

func (w *world) outbox(t tb) []attest.OutboxEntry {
	t.Helper()
	mails, err := w.store.DueOutbox(t.Context(), attest.OutboxMail, w.now(), 10_000)
	must(t, err)
	revocations, err := w.store.DueOutbox(t.Context(), attest.OutboxRevocation, w.now(), 10_000)
	must(t, err)
	return append(revocations, mails...)
}

// code is that of the newest mail.
func (w *world) code(t tb) string {
	t.Helper()
	mails := w.mails(t)
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].Kind == attest.MailCode {
			return mails[i].Code
		}
	}
	t.Fatal("no code was mailed")
	return ""
}

// proven is a request with both proofs.
func (w *world) proven(t tb, handle, email string) attest.Begun {
	t.Helper()
	b := w.begins(t, handle, email)
	w.signsIn(t, b)
	_, err := w.ProveMailbox(t.Context(), b.ID, b.Token, w.code(t))
	must(t, err)
	return b
}

func (w *world) issued(t tb, handle, email string) (attest.Begun, attest.IssuedAnswer) {
	t.Helper()
	b := w.proven(t, handle, email)
	a, err := w.Issue(t.Context(), b.ID, b.Token)
	must(t, err)
	return b, a
}

func (w *world) state(t tb, b attest.Begun) attest.State {
	t.Helper()
	v, err := w.Look(t.Context(), b.ID, b.Token)
	must(t, err)
	return v.State
}

func (w *world) published(t tb) []attest.Published {
	t.Helper()
	all, err := w.badges.List(t.Context(), attest.BadgeFilter{Limit: 1000})
	must(t, err)
	return all
}

// wrong is a code of the right form that is not this one.
func wrong(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}
