package attest

import (
	"context"
	"fmt"
	"time"
)

// Kept is what is kept about a badge, as far as the proofs of whoever asks let it be
// shown. Its JSON form is what the agent takes along.
type Kept struct {
	ID              string            `json:"id"`
	Issuer          string            `json:"issuer"`
	MadeAt          time.Time         `json:"made_at"`
	Proofs          []string          `json:"proofs"` // "account", "mailbox"
	Type            Kind              `json:"type"`
	Status          string            `json:"status"` // as published
	State           BadgeState        `json:"state"`
	Listed          bool              `json:"listed"`
	CreatedAt       time.Time         `json:"created_at"`
	StatusChangedAt time.Time         `json:"status_changed_at"`
	Handle          string            `json:"handle,omitempty"`
	Actor           string            `json:"actor,omitempty"`
	ActorURL        string            `json:"actor_url,omitempty"`
	Agency          KeptAgency        `json:"agency"`
	Mailbox         string            `json:"mailbox,omitempty"`
	Lang            string            `json:"lang"`
	BadgeURL        string            `json:"badge_url"`
	Attestations    []KeptAttestation `json:"attestations"` // oldest first
	Acts            []KeptAct         `json:"acts"`         // oldest first
	Requests        []KeptRequest     `json:"requests"`     // newest first
}

// KeptAgency is a badge's agency.
type KeptAgency struct {
	Domain  string `json:"domain"`
	Name    string `json:"name,omitempty"`
	Country string `json:"country"`
}

// KeptAttestation is an attestation as it stands under its badge; of the latest alone
// the token is kept.
type KeptAttestation struct {
	JTI         string    `json:"jti"`
	KID         string    `json:"kid"`
	Status      string    `json:"status"`
	StatusList  int64     `json:"status_list"`
	StatusIndex int64     `json:"status_index"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Token       string    `json:"attestation,omitempty"`
}

// KeptAct is what was done with a badge.
type KeptAct struct {
	What   EventKind `json:"what"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	JTI    string    `json:"jti,omitempty"`
	Reason Reason    `json:"reason,omitempty"`
	Note   string    `json:"note,omitempty"`
}

// KeptRequest is a request about a badge.
type KeptRequest struct {
	ID        string    `json:"id"`
	Purpose   Purpose   `json:"purpose"`
	State     State     `json:"state"`
	Method    Method    `json:"method"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Kept shows what is kept about a badge. The account proof alone shows no mailbox,
// nor an auditor's note, which may name it. The mailbox may be somebody else's by now:
// its proof alone shows neither account nor reasons, and nothing that is older than
// its last proof for an attestation.
func (q *Requests) Kept(ctx context.Context, badgeID, token string) (Kept, error) {
	p, r, err := q.opens(ctx, badgeID, token)
	if err != nil {
		return Kept{}, err
	}
	s := shown{
		q: q, ctx: ctx, Published: p,
		account: !r.AccountProofAt.IsZero(), mailbox: !r.MailboxProofAt.IsZero(), since: p.Badge.MailboxProofAt,
	}
	k := s.badge()
	for _, part := range []func(*Kept) error{s.address, s.attestations, s.acts, s.requests} {
		if err := part(&k); err != nil {
			return Kept{}, err
		}
	}
	return k, nil
}

// shown is what may be shown of a badge, and from when on without the account proof.
// Times of attestations are exact to the hour only: they are no measure for that.
type shown struct {
	Published
	q                *Requests
	ctx              context.Context
	account, mailbox bool // the proofs
	since            time.Time
}

func (s shown) badge() Kept {
	b := s.Badge
	k := Kept{
		ID: b.ID, Issuer: s.q.issuer, MadeAt: s.q.now().UTC(), Type: b.Kind,
		Status: b.Status.String(), State: s.State(s.q.now()), Listed: b.Listed,
		CreatedAt: s.since.UTC(), StatusChangedAt: b.ChangedAt.UTC(), Agency: KeptAgency(b.Agency), Lang: b.Lang,
		BadgeURL: s.q.badgeURL(b.ID), Attestations: []KeptAttestation{}, Acts: []KeptAct{}, Requests: []KeptRequest{},
	}
	if s.account {
		k.Proofs = append(k.Proofs, "account")
		k.Handle, k.Actor, k.ActorURL, k.CreatedAt = b.Actor.Handle.String(), b.Actor.ID, b.Actor.URL, b.CreatedAt.UTC()
	} else if k.StatusChangedAt.Before(s.since) {
		k.StatusChangedAt = s.since.UTC()
	}
	if s.mailbox {
		k.Proofs = append(k.Proofs, "mailbox")
	}
	return k
}

func (s shown) address(k *Kept) error {
	if !s.mailbox || len(s.Badge.Mailbox) == 0 {
		return nil
	}
	address, err := mailboxOf(s.q.vault, s.Badge)
	k.Mailbox = address.String()
	return err
}

func (s shown) attestations(k *Kept) error {
	all, err := s.q.store.AttestationsUnder(s.ctx, s.Badge.ID)
	if err != nil {
		return fmt.Errorf("find attestations: %w", err)
	}
	for _, r := range all {
		a, latest := r.Attestation, r.Attestation.JTI == s.Attestation.JTI
		if !s.account && !latest {
			continue
		}
		one := KeptAttestation{
			JTI: a.JTI, KID: a.KID, Status: r.Status.String(), StatusList: a.List, StatusIndex: a.Index,
			IssuedAt: a.IssuedAt.UTC(), ExpiresAt: a.ExpiresAt.UTC(),
		}
		if s.account && latest {
			one.Token = s.Attestation.Token
		}
		k.Attestations = append(k.Attestations, one)
	}
	return nil
}

func (s shown) acts(k *Kept) error {
	all, err := s.q.store.ActsOn(s.ctx, s.Badge.ID)
	if err != nil {
		return fmt.Errorf("find acts: %w", err)
	}
	for _, e := range all {
		if !s.account && e.JTI != s.Attestation.JTI {
			continue
		}
		a := KeptAct{What: e.Kind, At: e.At.UTC(), By: e.By, JTI: e.JTI}
		if s.account {
			a.Reason = e.Reason
		}
		if s.account && s.mailbox && len(e.Note) > 0 {
			plain, err := openNote(s.q.vault, s.Badge, e.Note)
			if err != nil {
				return fmt.Errorf("open note: %w", err)
			}
			a.Note = string(plain)
		}
		k.Acts = append(k.Acts, a)
	}
	return nil
}

func (s shown) requests(k *Kept) error {
	all, err := s.q.store.ProvenAbout(s.ctx, s.Badge.ID)
	if err != nil {
		return fmt.Errorf("find requests: %w", err)
	}
	for _, r := range all {
		if s.account || !r.CreatedAt.Before(s.since) {
			k.Requests = append(k.Requests, KeptRequest{
				ID: r.ID, Purpose: r.Purpose, State: r.State, Method: r.Method, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
			})
		}
	}
	return nil
}
