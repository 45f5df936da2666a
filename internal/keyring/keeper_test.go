package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/keyring"
	"cocarde.example/keys"
	"cocarde.example/verify"
)

// fill has the active key sign so many attestations, each of a badge of its own;
// half of the badges have lost their mailbox.
func (i *issuer) fill(n int) (kid string) {
	kid = i.KID()
	for n := range n {
		s := keyring.Signed{Attestation: attest.Attestation{JTI: fmt.Sprintf("%05d", n), KID: kid, ExpiresAt: i.now.Add(validity)}, Latest: true}
		if s.Badge.ID = s.JTI; n%2 == 0 {
			s.Badge.Mailbox = []byte("sealed")
		}
		i.store.signed[kid] = append(i.store.signed[kid], s)
	}
	return kid
}

func (i *issuer) revokedOf(kid string) (n int) {
	for _, s := range i.store.signed[kid] {
		if s.Badge.Status == verify.Revoked {
			n++
		}
	}
	return n
}

// revoke does what the command does.
func (i *issuer) revoke(kid, reason string, progress func(int)) error {
	if _, err := i.Revoke(context.Background(), kid, reason); err != nil {
		return err
	}
	return i.TakeBack(context.Background(), kid, progress)
}

func nothing(int) {}

// affected counts whom to issue anew, and those of them who were mailed.
func (i *issuer) affected(t *testing.T, kid string) (n, mailed int) {
	t.Helper()
	must(t, i.Affected(t.Context(), kid, func(_ attest.Badge, mail bool) error {
		if n++; mail {
			mailed++
		}
		return nil
	}))
	return n, mailed
}

// What was revoked before, for another reason, is nobody's whom to issue anew.
func TestARevocationAfterOthers(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	const all, before = 450, 10
	kid := i.fill(all)
	for n := range before {
		i.store.signed[kid][n].Badge.Status = verify.Revoked
	}
	must(t, i.revoke(kid, "leaked", nothing))
	if affected, mailed := i.affected(t, kid); affected != all-before || mailed != (all-before)/2 || i.store.mails != mailed {
		t.Errorf("%d are to be issued anew, %d mailed by the list, %d by the outbox", affected, mailed, i.store.mails)
	}
}

// What a command that was killed has left, the job does; nobody is mailed twice.
func TestARevocationIsFinished(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(*issuer, string) error{
		"by the job": func(i *issuer, _ string) error {
			i.beat(t)
			return nil
		},
		"by the command, called again": func(i *issuer, kid string) error {
			return i.revoke(kid, "leaked", nothing)
		},
		"by both": func(i *issuer, kid string) error {
			i.beat(t)
			return i.revoke(kid, "another reason", nothing)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			const all = 450
			kid := i.fill(all)
			killed := func() {
				defer func() { _ = recover() }()
				must(t, i.revoke(kid, "leaked", func(int) { panic("killed") }))
			}
			killed()
			if n := i.revokedOf(kid); n == 0 || n == all || i.store.keys[kid].State != keys.Revoked || i.store.keys[kid].TakenBack {
				t.Fatalf("%d were revoked when it was killed: %+v", n, i.store.keys[kid])
			}
			must(t, finish(i, kid))
			if n := i.revokedOf(kid); n != all || !i.store.keys[kid].TakenBack || i.store.keys[kid].Reason != "leaked" {
				t.Errorf("%d are revoked: %+v", n, i.store.keys[kid])
			}
			if i.store.mails != all/2 {
				t.Errorf("%d mails, want one for each mailbox: %d", i.store.mails, all/2)
			}
			if affected, mailed := i.affected(t, kid); affected != all || mailed != all/2 {
				t.Errorf("%d are to be issued anew, %d of them were mailed", affected, mailed)
			}
		})
	}
}

// A mailbox that cannot be opened keeps nothing from being revoked.
func TestARevocationWithoutMail(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	kid := i.fill(3)
	i.Mail = func(attest.Badge) (*attest.OutboxEntry, error) { return nil, errors.New("damaged") }
	if err := i.revoke(kid, "leaked", nothing); err != nil || i.revokedOf(kid) != 3 {
		t.Errorf("%d were revoked: %v", i.revokedOf(kid), err)
	}
	if affected, mailed := i.affected(t, kid); affected != 3 || mailed != 0 {
		t.Errorf("%d are to be issued anew, %d are said to be mailed", affected, mailed)
	}
}

func TestARevocationOfWhatEnded(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	kid := i.fill(3)
	i.now = i.now.Add(validity)
	i.beat(t)
	if err := i.revoke(kid, "leaked", nothing); err != nil || i.revokedOf(kid) != 0 || i.store.mails != 0 {
		t.Errorf("%d were revoked, %d mails: %v", i.revokedOf(kid), i.store.mails, err)
	}
	must(t, i.Refresh(t.Context()))
	must(t, i.Affected(t.Context(), kid, func(b attest.Badge, _ bool) error { return fmt.Errorf("%s had ended", b.ID) }))
	for _, other := range []string{"unknown", i.KID()} { // nothing is taken back of a key that stays
		if err := i.Affected(t.Context(), other, nil); fault.Code(err) != "key_unknown" {
			t.Errorf("%v", err)
		}
		if err := i.TakeBack(t.Context(), other, nothing); fault.Code(err) != "key_unknown" {
			t.Errorf("%v", err)
		}
	}
}

func TestRotateAndItsRefusals(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	ctx := t.Context()
	first := i.KID()
	for _, early := range []time.Duration{0, keys.AnnounceFor - 1} {
		i.now = began.Add(early)
		if _, err := i.Rotate(ctx); fault.Code(err) != "key_too_new" {
			t.Errorf("after %v: %v", early, err)
		}
	}
	i.now = began.Add(keys.AnnounceFor)
	kid, err := i.Rotate(ctx)
	must(t, err)
	if i.KID() != first {
		t.Error("the keys were followed before there was an event")
	}
	must(t, i.Refresh(ctx))
	if i.KID() != kid || kid == first || !i.publishes(first) || len(i.shown) != 3 {
		t.Errorf("%s signs, %v are published", i.KID(), i.shown)
	}
	if _, err := i.Rotate(ctx); fault.Code(err) != "key_too_new" {
		t.Errorf("twice: %v", err)
	}
}

// What cannot be read changes nothing, and is tried again.
func TestAFailingStore(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.beat(t)
	kid, shown := i.KID(), string(i.jwks)
	i.now = i.now.Add(100 * day)
	i.store.failing = errors.New("away")
	for _, err := range []error{i.Refresh(t.Context()), i.Tend(t.Context()), i.Reload(t.Context())} {
		if !errors.Is(err, i.store.failing) {
			t.Errorf("%v", err)
		}
	}
	if i.KID() != kid || string(i.jwks) != shown {
		t.Error("the keys have changed")
	}
	i.store.failing = nil
	i.beat(t)
	if i.KID() == kid {
		t.Error("it is not tried again")
	}
}

// A follower that fails keeps the former keys in use, and the change is met again.
func TestAFailingFollower(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.beat(t)
	fails := true
	must(t, i.Follow(func(*keys.Ring) error { return nil }))
	called := 0
	must(t, i.Follow(func(*keys.Ring) error {
		if called++; called > 1 && fails {
			return errors.New("not now")
		}
		return nil
	}))
	kid := i.KID()
	i.now = i.now.Add(91 * day)
	must(t, i.Tend(t.Context()))
	if err := i.Refresh(t.Context()); err == nil || i.KID() != kid {
		t.Errorf("%v, %s signs", err, i.KID())
	}
	fails = false
	must(t, i.Refresh(t.Context()))
	if i.KID() == kid {
		t.Error("the change was missed")
	}
}

// Others may change the keys between reading and writing.
func TestKeysChangedMeanwhile(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.now = i.now.Add(91 * day)
	other := &overtaken{memory: i.store, first: func() {
		_, err := i.Rotate(t.Context())
		must(t, err)
	}}
	k := keyring.NewKeeper(keyring.Config{Store: other, Sealer: i.Sealer, Ring: i.Keyring, Now: func() time.Time { return i.now }})
	first := i.KID()
	must(t, k.Tend(t.Context())) // it was done: nothing is wrong
	must(t, i.Refresh(t.Context()))
	second := i.KID()
	if second == first || len(i.shown) != 3 {
		t.Errorf("%s, then %s", first, second)
	}
	i.now = i.now.Add(91 * day)
	other.first = func() {
		_, err := i.Rotate(t.Context())
		must(t, err)
	}
	if _, err := k.Rotate(t.Context()); fault.Code(err) != "key_too_new" {
		t.Errorf("%v", err)
	}
	i.now = i.now.Add(91 * day)
	other.first = func() {
		_, err := i.Rotate(t.Context())
		must(t, err)
	}
	if _, err := k.Revoke(t.Context(), second, "leaked"); err != nil || i.store.keys[second].State != keys.Revoked {
		t.Errorf("%v, %s", err, i.store.keys[second].State)
	}
}

// overtaken lets something happen before the first change.
type overtaken struct {
	*memory
	first func()
}

func (o *overtaken) ChangeKeys(ctx context.Context, changes []keyring.Change) error {
	if first := o.first; first != nil {
		o.first = nil
		first()
	}
	return o.memory.ChangeKeys(ctx, changes)
}
