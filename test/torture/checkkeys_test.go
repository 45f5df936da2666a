package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"cocarde.example/keys"
)

// checkKeys: one key signs and one stands by; what was acknowledged of them holds;
// none has signed after its time; what a revoked one signed is revoked.
func (c *checker) checkKeys() {
	c.checkOneSigns()
	for kid := range c.journal.keys.signed {
		if s := c.state.keys[kid]; s != "active" && s != "retired" && s != "revoked" {
			c.journal.lose("key %s was acknowledged to sign, and is %q", kid, s)
		}
	}
	for kid := range c.journal.keys.recalled {
		if s := c.state.keys[kid]; s != "revoked" {
			c.journal.lose("key %s was acknowledged as revoked, and is %q", kid, s)
		}
	}
	for id := range c.journal.keys.affected {
		if c.state.badges[id].Status != revoked {
			c.journal.lose("badge %s went with its key, and is %v", id, c.state.badges[id].Status)
		}
	}
	c.checkSigned()
	c.checkKeyEvents()
}

func (c *checker) checkOneSigns() {
	count := map[string]int{}
	for _, state := range c.state.keys {
		count[state]++
	}
	if count["active"] != 1 || count["announced"] != 1 {
		c.journal.lose("the keys are %v", c.state.keys)
	}
}

// checkSigned: whoever signed is known, has signed while it was active, and if it is
// revoked so is all that it signed.
func (c *checker) checkSigned() {
	kids := map[string]string{}
	for _, a := range c.state.attestations {
		kids[a.JTI] = a.KID
		switch c.state.keys[a.KID] {
		case "revoked":
			if c.state.entries[a.At] != revoked {
				c.journal.lose("attestation %s is by the revoked key %s, and %v", a.JTI, a.KID, c.state.entries[a.At])
			}
		case "active", "retired":
		default:
			c.journal.lose("attestation %s is by the key %s, which is %q", a.JTI, a.KID, c.state.keys[a.KID])
		}
	}
	over := map[string]string{}
	for _, e := range c.state.events {
		switch e.Kind {
		case "key_retired", "key_revoked":
			over[e.KID] = e.Kind
		case "issued":
			if kid := kids[e.JTI]; over[kid] != "" {
				c.journal.lose("attestation %s was issued after its key %s was %s", e.JTI, kid, over[kid])
			}
		}
	}
}

// checkKeyEvents: the last event of each key says what it is. The first key signs
// from the beginning on.
func (c *checker) checkKeyEvents() {
	last := map[string]storedEvent{}
	for _, e := range c.state.events {
		if e.KID != "" {
			last[e.KID] = e
		}
	}
	become := map[string]string{"announced": "key_announced", "active": "key_activated", "retired": "key_retired", "revoked": "key_revoked"}
	for kid, state := range c.state.keys {
		e := last[kid]
		first := state == "active" && e.Kind == "key_announced" && e.Time == c.state.events[0].Time
		if e.Kind != become[state] && !first {
			c.journal.lose("key %s is %s, and its last event is %+v", kid, state, e)
		}
	}
}

// keysPublished is nil once every key is published as what it is.
func (c *checker) keysPublished(ctx context.Context) error {
	var jwks, metadata struct {
		Keys    []struct{ KID string }
		Revoked []struct{ KID string } `json:"revoked_keys"`
	}
	for path, into := range map[string]any{"/.well-known/jwks.json": &jwks, "/.well-known/jwt-vc-issuer": &metadata} {
		got, err := c.send(ctx, http.MethodGet, path, "")
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(got.body), into); err != nil {
			return err
		}
	}
	published := map[string]bool{} // and not revoked
	for _, k := range jwks.Keys {
		published[k.KID] = true
	}
	for _, k := range metadata.Revoked {
		published[k.KID] = false
	}
	for kid, state := range c.state.keys {
		if usable, told := published[kid]; !told || usable == (state == "revoked") {
			return fmt.Errorf("key %s is %s, and published as one to trust: %v (told: %v)", kid, state, usable, told)
		}
	}
	if len(jwks.Keys)+len(metadata.Revoked) != len(c.state.keys) {
		return fmt.Errorf("published are %v, stored %v", slices.Collect(maps.Keys(published)), c.state.keys)
	}
	return nil
}

// checkMailboxes: with the secret file in use every mailbox opens, as what it was.
func (c *checker) checkMailboxes(ctx context.Context) error {
	secret, err := keys.OpenSecret(c.secretFile())
	if err != nil {
		return err
	}
	wrapped, err := pairs(ctx, c.db, `SELECT name, wrapped FROM data_keys`)
	if err != nil {
		return err
	}
	data, err := keys.OpenDataKeys(secret, wrapped)
	if err != nil {
		c.journal.lose("the secret file in use, %s: %v", c.secretFile(), err)
		return nil
	}
	own, err := pairs(ctx, c.db, `SELECT id, own_key FROM badges WHERE erased_at IS NULL`)
	if err != nil {
		return err
	}
	mailboxes, err := pairs(ctx, c.db, `SELECT id, mailbox FROM badges WHERE erased_at IS NULL`)
	if err != nil {
		return err
	}
	for _, b := range c.journal.badges {
		if c.state.badges[b.id].Erased {
			continue
		}
		var plain []byte
		sealer, err := data.Sealing.Under(own[b.id])
		if err == nil {
			plain, err = sealer.Open("mailbox", mailboxes[b.id])
		}
		if err != nil || string(plain) != b.mailbox {
			c.journal.lose("the mailbox of badge %s was %s, and opens as %q (%v)", b.id, b.mailbox, plain, err)
		}
	}
	return nil
}
