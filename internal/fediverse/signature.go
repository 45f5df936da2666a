package fediverse

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"

	"cocarde.example/internal/acct"
)

// getActor asks for an actor unsigned, and signed where unsigned requests are
// refused: signing first would make every instance fetch our key. Hosts that
// want it signed are remembered.
func (c *Client) getActor(ctx context.Context, host acct.Host, id string) (*http.Response, error) {
	if _, ok := c.signed.get(host.String()); ok {
		return c.getSigned(ctx, id)
	}
	resp, err := c.get(ctx, c.sameHost, id, activityTypes)
	if err != nil || resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		return resp, err
	}
	resp.Body.Close()
	resp, err = c.getSigned(ctx, id)
	if err == nil && resp.StatusCode == http.StatusOK {
		c.signed.set(host.String(), struct{}{})
	}
	return resp, err
}

// getSigned asks with a signature. It follows no redirect: the signature covers
// the path.
func (c *Client) getSigned(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, invalid("a URL cannot be asked for")
	}
	req.Header.Set("Accept", activityTypes)
	if err := c.sign(req); err != nil {
		return nil, err
	}
	return send(c.direct, req)
}

// sign adds Date and Signature (draft-cavage-http-signatures-12 §4, rsa-sha256)
// over (request-target), host and date.
func (c *Client) sign(req *http.Request) error {
	key, err := c.Key.Signer()
	if err != nil {
		return fmt.Errorf("actor key: %w", err)
	}
	req.Header.Set("Date", c.Now().UTC().Format(http.TimeFormat))
	text := "(request-target): get " + req.URL.RequestURI() +
		"\nhost: " + req.URL.Host + "\ndate: " + req.Header.Get("Date")
	digest := sha256.Sum256([]byte(text))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return fmt.Errorf("sign with the actor key: %w", err)
	}
	req.Header.Set("Signature", fmt.Sprintf(
		`keyId="%s",algorithm="rsa-sha256",headers="(request-target) host date",signature="%s"`,
		c.KeyID, base64.StdEncoding.EncodeToString(signature)))
	return nil
}
