package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"cocarde.example/attest"
	"cocarde.example/verify"
)

func (s *story) bothHold(ctx context.Context) (string, error) {
	s.record.StatusLists = map[string]string{}
	for _, a := range []*agent{s.marie, s.karim} {
		r, err := a.check(ctx, a.issued.Public, a.handle)
		if err != nil {
			return "", err
		}
		if !r.Valid {
			return "", fmt.Errorf("%s: %s", a.handle, r.Code)
		}
		s.record.Attestations = append(s.record.Attestations, recorded{
			Public: a.issued.Public, WithDisclosure: a.issued.WithDisclosure,
			Handle: a.handle, BadgeURL: a.issued.BadgeURL, Report: r,
		})
		claims, err := verify.Peek(a.issued.Public)
		if err != nil {
			return "", err
		}
		list, err := a.fetch(ctx, strings.TrimPrefix(claims.StatusURI, s.issuer))
		if err != nil {
			return "", err
		}
		s.record.StatusLists[claims.StatusURI] = list
	}
	return fmt.Sprintf("%d checks each", len(s.record.Attestations[0].Report.Checks)), nil
}

func (s *story) bothHoldOffline(ctx context.Context) (string, error) {
	var lists []string
	for _, l := range s.record.StatusLists {
		lists = append(lists, l)
	}
	source, err := verify.NewOffline(verify.Offline{Issuer: s.issuer, JWKS: s.record.JWKS, Lists: lists})
	if err != nil {
		return "", err
	}
	v := verify.New(verify.Config{Source: source})
	for _, a := range []*agent{s.marie, s.karim} {
		r := v.Verify(ctx, a.issued.WithDisclosure, verify.ForHandle(a.handle))
		if !r.Valid || r.Attestation.Mailbox != a.mailbox {
			return "", fmt.Errorf("%s: %s", a.handle, r.Code)
		}
	}
	return "and the disclosure reveals the mailbox to whom the agent shows it", nil
}

func (s *story) tampered(ctx context.Context) (string, error) {
	token := []byte(s.karim.issued.Public)
	at := strings.LastIndexByte(s.karim.issued.Public, '.') + 1 // first of the signature
	if token[at] != 'A' {
		token[at] = 'A'
	} else {
		token[at] = 'B'
	}
	return s.answers(ctx, string(token), s.karim.handle, verify.BadSignature, 0)
}

func (s *story) otherAccount(ctx context.Context) (string, error) {
	return s.answers(ctx, s.karim.issued.Public, s.marie.handle, verify.SubjectMismatch, 0)
}

// answers checks that the endpoint gives a code, at once or within some time.
func (s *story) answers(ctx context.Context, token, handle string, want verify.Code, patience time.Duration) (string, error) {
	began := time.Now()
	for {
		r, err := s.marie.check(ctx, token, handle)
		if err != nil {
			return "", err
		}
		took := time.Since(began)
		switch {
		case r.Code == want && patience > 0:
			return fmt.Sprintf("seen after %d ms", took.Milliseconds()), nil
		case r.Code == want:
			return string(want), nil
		case took > patience:
			return "", fmt.Errorf("the endpoint answers %q, not %q", r.Code, want)
		}
		if err := pause(ctx, lookEvery); err != nil {
			return "", err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *story) suspended(ctx context.Context) (string, error) {
	return s.takesBack(ctx, s.badges.Suspend, attest.AccountCompromised, verify.StatusSuspended)
}

func (s *story) resumed(ctx context.Context) (string, error) {
	return s.takesBack(ctx, s.badges.Resume, attest.Other, "")
}

func (s *story) revoked(ctx context.Context) (string, error) {
	return s.takesBack(ctx, s.badges.Revoke, attest.LeftAgency, verify.StatusRevoked)
}

func (s *story) takesBack(ctx context.Context, do func(context.Context, attest.Act) (bool, error), why attest.Reason, want verify.Code) (string, error) {
	changed, err := do(ctx, attest.Act{BadgeID: path.Base(s.marie.issued.BadgeURL), By: "operator", Reason: why})
	if err != nil {
		return "", err
	}
	if !changed {
		return "", errors.New("nothing changed")
	}
	return s.answers(ctx, s.marie.issued.Public, s.marie.handle, want, withinSecond)
}

// listed waits for the signing that the revocation triggers.
func (s *story) listed(ctx context.Context) (string, error) {
	claims, err := verify.Peek(s.marie.issued.Public)
	if err != nil {
		return "", err
	}
	for began := time.Now(); ; {
		token, err := s.marie.fetch(ctx, strings.TrimPrefix(claims.StatusURI, s.issuer))
		if err != nil {
			return "", err
		}
		source, err := verify.NewOffline(verify.Offline{Issuer: s.issuer, JWKS: s.record.JWKS, Lists: []string{token}})
		if err != nil {
			return "", err
		}
		r := verify.New(verify.Config{Source: source}).Verify(ctx, s.marie.issued.Public, verify.ForHandle(s.marie.handle))
		if r.Code == verify.StatusRevoked {
			return claims.StatusURI, nil
		}
		if time.Since(began) > within {
			return "", fmt.Errorf("the list still says %q", r.Code)
		}
		if err := pause(ctx, lookEvery); err != nil {
			return "", err
		}
	}
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}
