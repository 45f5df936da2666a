package api_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"cocarde.example/api"
	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/fault"
	"cocarde.example/verify"
)

const (
	issuer    = "https://cocarde.example.gouv.fr"
	requestID = "7k3m9q2x8w4d"
	badgeID   = "0a1b2c3d4e5f"
	secret    = "the-token-of-the-request-0123456789"
	publicJWS = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln~"
)

var (
	now         = time.Date(2026, 11, 22, 10, 15, 0, 0, time.UTC)
	errWrong    = fault.New(fault.Unauthorized, "token_wrong", "There is no such request, or the token is not its own.")
	errTurn     = fault.New(fault.Conflict, "request_out_of_turn", "The request does not stand where this step belongs.")
	errNoClient = errors.New("nobody says which client asks for a code")
	errCode     = fault.New(fault.Forbidden, "code_wrong", "This is not the code.").At("/code")
)

// oneRequest is a domain that knows one request, and keeps its steps in order.
type oneRequest struct {
	mu                sync.Mutex
	began             attest.Beginning
	renewing          attest.Renewing
	accessing         attest.Accessing
	withdrawn, erased bool
	state             attest.State
	profile           attest.Sighting // what a look at the profile sees
	err               error           // what Begin says instead, if it is set
}

func (q *oneRequest) view() attest.View {
	h, err := acct.ParseHandle("@marie@social.example")
	if err != nil {
		panic(err)
	}
	return attest.View{
		ID: requestID, Purpose: attest.ForIssue, State: q.state, Handle: h,
		Actor:    attest.Actor{ID: "https://social.example/users/1", Handle: h},
		Agency:   attest.Agency{Domain: "culture.gouv.fr", Name: "Ministère de la Culture", Country: "FR"},
		BadgeURL: issuer + "/b/" + badgeID, ExpiresAt: now.Add(24 * time.Hour),
	}
}

func (q *oneRequest) Begin(_ context.Context, b attest.Beginning) (attest.Begun, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return attest.Begun{}, q.err
	}
	q.began, q.state = b, attest.AwaitingAccountProof
	v := q.view()
	switch attest.Method(b.Method) {
	case attest.ByOAuth:
	case attest.ByLink:
		v.LinkURL = v.BadgeURL
		return attest.Begun{View: v, Token: secret}, nil
	default:
		return attest.Begun{}, fault.New(fault.Invalid, "account_proof_unsupported", "Use oauth.").At("/account_proof/method")
	}
	v.AuthorizeURL = "https://social.example/oauth/authorize?a=1&b=2"
	return attest.Begun{View: v, Token: secret, Browser: "browser-secret"}, nil
}

func (q *oneRequest) BeginRenewal(_ context.Context, b attest.Renewing) (attest.Begun, error) {
	q.renewing = b
	v := q.view()
	v.Purpose, v.State = attest.ForRenewal, attest.AwaitingAccountProof
	return attest.Begun{View: v, Token: secret}, nil
}

func (q *oneRequest) BeginAccess(_ context.Context, a attest.Accessing) (attest.Begun, error) {
	q.accessing = a
	v := q.view()
	v.Purpose, v.State, v.LinkURL = attest.ForAccess, attest.AwaitingAccountProof, v.BadgeURL+"?request="+requestID
	return attest.Begun{View: v, Token: secret}, nil
}

func (q *oneRequest) WithdrawBadge(_ context.Context, badge, token string) error {
	if badge != badgeID || token != secret {
		return errWrong
	}
	q.withdrawn = true
	return nil
}

func (q *oneRequest) EraseBadge(_ context.Context, badge, token string) error {
	if badge != badgeID || token != secret {
		return errWrong
	}
	q.erased = true
	return nil
}

func (q *oneRequest) Kept(_ context.Context, badge, token string) (attest.Kept, error) {
	if badge != badgeID || token != secret {
		return attest.Kept{}, errWrong
	}
	return attest.Kept{
		ID: badgeID, Issuer: issuer, MadeAt: now, Proofs: []string{"account"}, Type: attest.AgencyMailbox, Status: "valid", State: attest.BadgeValid,
		CreatedAt: now, StatusChangedAt: now, Handle: "@marie@social.example", Actor: "https://social.example/users/1",
		Agency: attest.KeptAgency{Domain: "culture.gouv.fr", Country: "FR"}, BadgeURL: issuer + "/b/" + badgeID,
		Attestations: []attest.KeptAttestation{{JTI: "jti", KID: "kid", Status: "valid", StatusList: 1, StatusIndex: 2, IssuedAt: now, ExpiresAt: now, Token: publicJWS}},
		Acts:         []attest.KeptAct{{What: attest.EventSuspended, At: now, By: "operator", JTI: "jti", Reason: attest.Other}},
		Requests:     []attest.KeptRequest{{ID: requestID, Purpose: attest.ForAccess, State: attest.Proven, Method: attest.ByOAuth, CreatedAt: now, ExpiresAt: now}},
	}, nil
}

// step does something to the request if the token is right and it stands at from.
func (q *oneRequest) step(id, token string, from, to attest.State) (attest.View, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if id != requestID || token != secret || q.state == "" {
		return attest.View{}, errWrong
	}
	if from != "" && q.state != from {
		return attest.View{}, errTurn
	}
	if to != "" {
		q.state = to
	}
	return q.view(), nil
}

func (q *oneRequest) Look(_ context.Context, id, token string) (attest.View, error) {
	return q.step(id, token, "", "")
}

func (q *oneRequest) Withdraw(_ context.Context, id, token string) error {
	_, err := q.step(id, token, "", attest.Withdrawn)
	return err
}

func (q *oneRequest) AdvanceAccount(_ context.Context, id, token, client string) (attest.Begun, error) {
	if client == "" {
		return attest.Begun{}, errNoClient
	}
	if q.began.Method == string(attest.ByLink) {
		to := attest.AwaitingAccountProof
		if q.profile.Found {
			to = attest.AwaitingMailboxProof
		}
		v, err := q.step(id, token, attest.AwaitingAccountProof, to)
		v.LinkURL, v.Link = v.BadgeURL, &q.profile
		return attest.Begun{View: v}, err
	}
	v, err := q.step(id, token, attest.AwaitingAccountProof, "")
	v.AuthorizeURL = "https://social.example/oauth/authorize?again=1"
	return attest.Begun{View: v, Browser: "another-secret"}, err
}

func (q *oneRequest) ConfirmAccount(_ context.Context, id, token, code string) (attest.View, error) {
	if code != "7k3m9q2x" {
		return attest.View{}, errCode
	}
	return q.step(id, token, attest.AwaitingAccountProof, attest.AwaitingMailboxProof)
}

func (q *oneRequest) RenewCode(_ context.Context, id, token, client string) (attest.View, error) {
	if client == "" {
		return attest.View{}, errNoClient
	}
	return q.step(id, token, attest.AwaitingMailboxProof, "")
}

func (q *oneRequest) ProveMailbox(_ context.Context, id, token, code string) (attest.View, error) {
	if code != "48210937" {
		return attest.View{}, errCode
	}
	return q.step(id, token, attest.AwaitingMailboxProof, attest.Proven)
}

func (q *oneRequest) Issue(_ context.Context, id, token string) (attest.IssuedAnswer, error) {
	if _, err := q.step(id, token, attest.Proven, ""); err != nil {
		return attest.IssuedAnswer{}, err
	}
	return attest.IssuedAnswer{
		BadgeID: badgeID, Attestation: publicJWS, WithDisclosure: publicJWS + "WyJzIl0~", BadgeURL: issuer + "/b/" + badgeID,
	}, nil
}

// oneBadge is a registry of one badge, listed under one handle.
type oneBadge struct{}

func (oneBadge) Published(_ context.Context, id string) (attest.Published, error) {
	if id != badgeID {
		return attest.Published{}, fault.New(fault.NotFound, "attestation_not_found", "There is no attestation here.")
	}
	v := (&oneRequest{}).view()
	return attest.Published{
		Badge: attest.Badge{
			ID: badgeID, Kind: attest.AgencyMailbox, Actor: v.Actor, Agency: v.Agency,
			Status: verify.Suspended, CreatedAt: now, ChangedAt: now.Add(time.Hour),
		},
		Attestation: attest.Attestation{
			Token: publicJWS, IssuedAt: now.Truncate(time.Hour), ExpiresAt: now.Add(180 * 24 * time.Hour),
		},
	}, nil
}

func (b oneBadge) PublishedByHandle(ctx context.Context, handle string) (attest.Published, error) {
	h, err := acct.ParseHandle(handle)
	if err != nil {
		return attest.Published{}, err
	}
	if !h.Equal((&oneRequest{}).view().Handle) {
		return b.Published(ctx, "")
	}
	return b.Published(ctx, badgeID)
}

// artefacts are published bodies by path.
type artefacts map[string]api.Artefact

func (a artefacts) Artefact(_ context.Context, path string) (api.Artefact, bool, error) {
	if path == "/vct/broken/v1" {
		return api.Artefact{}, false, errors.New("disk on fire at /secret/path")
	}
	found, ok := a[path]
	return found, ok, nil
}

func published() artefacts {
	a := artefacts{}
	add := func(path, contentType, body string, age time.Duration) {
		a[path] = api.Artefact{Body: []byte(body), ContentType: contentType, ETag: `"` + path[1:3] + `"`, MaxAge: age}
	}
	add("/.well-known/jwks.json", "application/jwk-set+json", `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"`+
		strings.Repeat("k", 43)+`","x":"`+strings.Repeat("x", 43)+`","y":"`+strings.Repeat("y", 43)+`"}]}`, time.Hour)
	add("/.well-known/jwt-vc-issuer", "application/json",
		`{"issuer":"`+issuer+`","jwks_uri":"`+issuer+`/.well-known/jwks.json","revoked_keys":[]}`, time.Hour)
	add("/vct/agency-mailbox/v1", "application/json", `{"vct":"`+issuer+`/vct/agency-mailbox/v1"}`, 24*time.Hour)
	add("/status", "application/json", `{"status_lists":["`+issuer+`/status/1"]}`, 5*time.Minute)
	add("/status/1", "application/statuslist+jwt", "a.b.c", 5*time.Minute)
	add("/actor", "application/activity+json", `{"@context":"https://www.w3.org/ns/activitystreams","id":"`+issuer+
		`/actor","type":"Application","preferredUsername":"cocarde","inbox":"`+issuer+`/actor/inbox","publicKey":{"id":"k","owner":"o","publicKeyPem":"p"}}`, time.Hour)
	add("/.well-known/webfinger?resource=acct:cocarde@cocarde.example.gouv.fr", "application/jrd+json",
		`{"subject":"acct:cocarde@cocarde.example.gouv.fr","links":[{"rel":"self","type":"application/activity+json","href":"`+issuer+`/actor"}]}`, time.Hour)
	return a
}

// health is ready unless it is an error.
type health struct{ err error }

func (h health) Ready(context.Context) error { return h.err }

// keyless trusts nobody: enough to see that reports are handed through.
type keyless struct{}

func (keyless) Issuer(context.Context, string) (*verify.Issuer, error) {
	return nil, verify.ErrIssuerUntrusted
}

func (k keyless) Refresh(ctx context.Context, iss string) (*verify.Issuer, error) {
	return k.Issuer(ctx, iss)
}

func (keyless) StatusList(context.Context, string, string) (verify.StatusReader, error) {
	return nil, errors.New("no lists")
}
