package torture

import (
	"context"
	"encoding/json"
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

// checkSurface: everything that was acknowledged is given again, byte for byte,
// and every verifier says the same of it.
func (c *checker) checkSurface(ctx context.Context) error {
	source, err := online.New(online.Config{HTTP: c.fleet.client, Trust: []string{origin}})
	if err != nil {
		return err
	}
	public := verify.New(verify.Config{Source: source})
	for _, r := range c.journal.requests {
		if r.answer == "" {
			continue
		}
		again, err := c.send(ctx, http.MethodPost, "/v1/requests/"+r.id+"/attestation", "", "Authorization: Bearer "+r.token)
		if err != nil {
			return err
		}
		if again.status != http.StatusCreated || again.body != r.answer {
			c.journal.lose("request %s: answered %s, and now %d %s", r.id, r.answer, again.status, again.body)
		}
	}
	for _, b := range c.journal.badges {
		token, err := c.send(ctx, http.MethodGet, "/v1/attestations/"+b.id, "", "Accept: application/dc+sd-jwt")
		if err != nil {
			return err
		}
		if token.body != b.token {
			c.journal.lose("badge %s: its attestation was %s, and is %d %s", b.id, b.token, token.status, token.body)
		}
		c.compare(b, "the public verifier", public.Verify(ctx, b.token, verify.ForHandle(b.handle)))
		own, err := c.ownReport(ctx, b)
		if err != nil {
			return err
		}
		c.compare(b, "the server's verifier", own)
	}
	return nil
}

// ownReport is what POST /v1/verify says, once it can say anything.
func (c *checker) ownReport(ctx context.Context, b *badge) (r verify.Report, err error) {
	question, err := json.Marshal(map[string]string{"attestation": b.token, "expect_handle": b.handle})
	if err != nil {
		return r, err
	}
	for {
		got, err := c.send(ctx, http.MethodPost, "/v1/verify", string(question))
		if err != nil {
			return r, err
		}
		r = verify.Report{}
		if err := got.into(&r); err != nil || r.Outcome != verify.OutcomeUnknown {
			return r, err
		}
		if err := wait(ctx, pause); err != nil { // a busy machine: statuses are not fresh
			return r, err
		}
	}
}

func (c *checker) compare(b *badge, who string, r verify.Report) {
	status := c.statusOf(b.id)
	if r.Status != status.String() || r.Valid != (status == verify.Valid) {
		c.journal.lose("badge %s is %v; %s says %s, %v: %s", b.id, status, who, r.Status, r.Valid, r.Code)
	}
}
