package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"cocarde.example/verify"
	"cocarde.example/verify/online"
)

// published is nil once the lists that everybody reads say of every index what the
// database does, and nothing of any other.
func (c *checker) published(ctx context.Context) error {
	if err := c.keysPublished(ctx); err != nil {
		return err
	}
	jwks, err := c.send(ctx, http.MethodGet, "/.well-known/jwks.json", "")
	if err != nil {
		return err
	}
	issuer, err := verify.NewIssuer(origin, []byte(jwks.body))
	if err != nil {
		return err
	}
	for _, l := range c.state.lists {
		path := "/status/" + strconv.FormatInt(l.Number, 10)
		token, err := c.send(ctx, http.MethodGet, path, "")
		if err != nil {
			return err
		}
		signed, err := verify.VerifyStatusList(token.body, issuer, origin+path, time.Now())
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i := range int64(signed.Size()) * 4 { // two bits each
			at := place{l.Number, i}
			if s, err := signed.Status(i); err != nil || s != c.state.entries[at] {
				return fmt.Errorf("%v is published as %v (%v), and stored as %v", at, s, err, c.state.entries[at])
			}
		}
	}
	return nil
}

// checkSurface: everything that was acknowledged is given again, byte for byte, until
// it was renewed or erased, and every verifier says the same of it.
func (c *checker) checkSurface(ctx context.Context) error {
	for _, r := range c.journal.requests {
		if r.answer == "" {
			continue
		}
		again, err := c.send(ctx, http.MethodPost, "/v1/requests/"+r.id+"/attestation", "", "Authorization: Bearer "+r.token)
		if err != nil {
			return err
		}
		if !c.asPromised(r, again) {
			c.journal.lose("request %s: answered %s, and now %d %s", r.id, r.answer, again.status, again.body)
		}
	}
	for _, b := range c.journal.badges {
		got, err := c.send(ctx, http.MethodGet, "/v1/attestations/"+b.id, "", "Accept: application/dc+sd-jwt")
		if err != nil {
			return err
		}
		gone := got.status == http.StatusNotFound && code(refusal(got)) == "badge_not_found"
		if c.state.badges[b.id].Erased != gone || !gone && got.body != b.token() {
			c.journal.lose("badge %s: its attestation was %s, and is %d %s", b.id, b.token(), got.status, got.body)
		}
		for _, token := range b.tokens {
			if err := errors.Join(c.compare(ctx, b, token, c.publicReport), c.compare(ctx, b, token, c.ownReport)); err != nil {
				return err
			}
		}
	}
	return nil
}

// asPromised: what was answered to a request is answered again.
func (c *checker) asPromised(r *request, again answer) bool {
	switch {
	case c.state.badges[r.badge.id].Erased:
		return again.status == http.StatusUnauthorized
	case r.badge.token() != r.issued:
		return code(refusal(again)) == "attestation_superseded"
	}
	return again.status == http.StatusCreated && again.body == r.answer
}

// reporter is a verifier.
type reporter func(ctx context.Context, token, handle string) (verify.Report, error)

// publicReport is what a verifier says that knows nothing yet.
func (c *checker) publicReport(ctx context.Context, token, handle string) (r verify.Report, err error) {
	source, err := online.New(online.Config{HTTP: c.fleet.client, Trust: []string{origin}})
	if err != nil {
		return r, err
	}
	return verify.New(verify.Config{Source: source}).Verify(ctx, token, verify.ForHandle(handle)), nil
}

// ownReport is what POST /v1/verify says.
func (c *checker) ownReport(ctx context.Context, token, handle string) (r verify.Report, err error) {
	question, err := json.Marshal(map[string]string{"attestation": token, "expect_handle": handle})
	if err != nil {
		return r, err
	}
	got, err := c.send(ctx, http.MethodPost, "/v1/verify", string(question))
	if err != nil {
		return r, err
	}
	return r, got.into(&r)
}

// compare holds what a verifier says to what the events tell. A replica on a busy
// machine may know it a little later.
func (c *checker) compare(ctx context.Context, b *badge, token string, ask reporter) error {
	status, withKey := c.state.statuses[jtiOf(token)], c.keyIsRevoked(token)
	return c.eventually(ctx, func(ctx context.Context) error {
		r, err := ask(ctx, token, b.handle())
		switch {
		case err != nil:
			return err
		case withKey && !r.Valid && r.Code == verify.KeyRevoked, !withKey && r.Status == status.String() && r.Valid == (status == verify.Valid):
			return nil
		}
		return fmt.Errorf("attestation %s of badge %s is %v, its key revoked: %v; a verifier says %q, %v: %s",
			jtiOf(token), b.id, status, withKey, r.Status, r.Valid, r.Code)
	})
}

func (c *checker) keyIsRevoked(token string) bool {
	for _, a := range c.state.attestations {
		if a.JTI == jtiOf(token) {
			return c.state.keys[a.KID] == "revoked"
		}
	}
	return false
}
