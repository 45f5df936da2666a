package statuslist

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"cocarde.example/verify"
)

// How long a list may be believed. A verifier asks again after TTL; ending lists
// are signed anew long before their end, so that an outage of hours is borne.
const (
	TTL       = 5 * time.Minute
	lifetime  = 24 * time.Hour
	signAgain = time.Hour
	// forgetAfter is how long a pause tells that another process held the lease.
	forgetAfter = 5 * time.Second
)

// ContentType of a status list token (draft-ietf-oauth-status-list, section 5.1).
const ContentType = "application/statuslist+jwt"

// Signer signs with the issuer's active key.
type Signer interface {
	Sign(typ string, payload []byte) (jws, kid string, err error)
	// KID names that key.
	KID() string
}

// Publisher signs the lists that changed, are about to end, or are signed by a key
// that signs no more. Of all processes
// on a database only the one that holds the lease publishes.
type Publisher struct {
	store  Store
	board  *Board
	signer Signer
	issuer string
	now    func() time.Time

	checked  map[int64]checked
	calledAt time.Time
}

// checked is what is known of a list's published token.
type checked struct {
	seq      int64 // no change after the token up to this event
	signedAt time.Time
	kid      string // of the key that signed it
}

// NewPublisher makes a Publisher. It is for one goroutine.
func NewPublisher(s Store, b *Board, signer Signer, issuer string, now func() time.Time) *Publisher {
	return &Publisher{store: s, board: b, signer: signer, issuer: issuer, now: now, checked: map[int64]checked{}}
}

// Path of a list on its issuer.
func Path(list int64) string { return "/status/" + strconv.FormatInt(list, 10) }

// Publish brings every list up to date with the board.
func (p *Publisher) Publish(ctx context.Context) error {
	now := p.now()
	if now.Sub(p.calledAt) > forgetAfter {
		clear(p.checked) // another may have published meanwhile, by another clock
	}
	p.calledAt = now
	if !p.due() {
		return nil
	}
	lists, err := p.store.Lists(ctx)
	if err != nil {
		return fmt.Errorf("read lists: %w", err)
	}
	for _, l := range lists {
		if err := p.publish(ctx, l); err != nil {
			return fmt.Errorf("publish list %d: %w", l.Number, err)
		}
	}
	return nil
}

// due says whether anything happened, or aged, since every list was checked.
func (p *Publisher) due() bool {
	seq := p.board.at()
	for _, c := range p.checked {
		if c.seq < seq || p.old(c) {
			return true
		}
	}
	return len(p.checked) == 0
}

// old says whether a token is to be signed anew: because of its age, because its
// key signs no more (it may be revoked), or because it is signed so far in the
// future that nobody believes it. The wall clock decides, as it does for whoever
// reads the token.
func (p *Publisher) old(c checked) bool {
	age := p.now().Round(0).Sub(c.signedAt)
	return age >= signAgain || age < -verify.MaxAhead || c.kid != p.signer.KID()
}

func (p *Publisher) publish(ctx context.Context, l List) error {
	seq := p.board.at()
	c, known := p.checked[l.Number]
	if !known {
		a, ok, err := p.store.Artefact(ctx, Path(l.Number))
		if err != nil {
			return err
		}
		if ok {
			c = checked{seq: a.Seq, signedAt: a.SignedAt, kid: verify.ListKey(string(a.Body))}
		}
	}
	if !c.signedAt.IsZero() && !p.old(c) {
		changed, err := p.changed(ctx, l.Number, c.seq, seq)
		if err != nil {
			return err
		}
		if !changed {
			p.checked[l.Number] = checked{seq: seq, signedAt: c.signedAt, kid: c.kid}
			return nil
		}
	}
	a, kid, err := p.sign(l.Number, p.after(c.signedAt))
	if err != nil {
		return err
	}
	if err := p.store.SaveArtefact(ctx, a); err != nil {
		return err
	}
	p.checked[l.Number] = checked{seq: a.Seq, signedAt: a.SignedAt, kid: kid}
	return nil
}

func (p *Publisher) changed(ctx context.Context, list, after, upTo int64) (bool, error) {
	if after >= upTo {
		return false, nil
	}
	changes, err := p.store.StatusChanges(ctx, after, upTo)
	for _, e := range changes {
		if e.List == list {
			return true, err
		}
	}
	return false, err
}

// after is now, but not before a list was signed that others may have: they refuse
// one that is older. A clock that ran far ahead before is not followed: they
// refuse lists from the future too.
func (p *Publisher) after(former time.Time) time.Time {
	now := p.now().Round(0)
	if former.After(now) && former.Sub(now) <= verify.MaxAhead {
		return former
	}
	return now
}

func (p *Publisher) sign(list int64, at time.Time) (a Artefact, kid string, err error) {
	a = Artefact{Path: Path(list), ContentType: ContentType, SignedAt: at}
	a.ExpiresAt = a.SignedAt.Add(lifetime)
	claims := verify.ListClaims{
		URI: p.issuer + a.Path, IssuedAt: a.SignedAt.Unix(), ExpiresAt: a.ExpiresAt.Unix(), TTL: int64(TTL / time.Second),
	}
	var payload []byte
	a.Seq, err = p.board.read(list, func(l *verify.StatusList) error {
		payload, err = claims.Payload(l)
		return err
	})
	if err != nil {
		return Artefact{}, "", err
	}
	token, kid, err := p.signer.Sign(verify.TypeStatusList, payload)
	a.Body = []byte(token)
	return a, kid, err
}
