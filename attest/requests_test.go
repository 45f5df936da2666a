package attest_test

import (
	"errors"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
)

// steps are all that the holder of a request's token can do with it.
func (w *world) steps(t *testing.T, id, token string) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"look":     func() error { _, err := w.Look(ctx, id, token); return err },
		"withdraw": func() error { return w.Withdraw(ctx, id, token) },
		"sign in":  func() error { _, err := w.AdvanceAccount(ctx, id, token, "192.0.2.1"); return err },
		"confirm":  func() error { _, err := w.ConfirmAccount(ctx, id, token, "0123abcd"); return err },
		"renew":    func() error { _, err := w.RenewCode(ctx, id, token, "192.0.2.1"); return err },
		"prove":    func() error { _, err := w.ProveMailbox(ctx, id, token, "01234567"); return err },
		"issue":    func() error { _, err := w.Issue(ctx, id, token); return err },
	}
}

// Without its own token nobody learns whether a request is there.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, other := w.begins(t, marie, mailbox), w.begins(t, karim, "karim@insee.fr")
	var messages []string
	for _, c := range []struct{ id, token string }{
		{b.ID, ""}, {b.ID, other.Token}, {b.ID, b.Token + "x"}, {b.ID, b.Browser}, {"000000000000", b.Token}, {"", ""},
	} {
		for name, do := range w.steps(t, c.id, c.token) {
			err := do()
			wantCode(t, err, "token_wrong")
			if messages = append(messages, err.Error()); messages[0] != err.Error() {
				t.Errorf("%s tells more: %v", name, err)
			}
		}
	}
	if w.state(t, b) != attest.AwaitingAccountProof {
		t.Error(w.state(t, b))
	}
}

// Each step belongs to one state; in any other it changes nothing.
func TestOutOfTurn(t *testing.T) {
	t.Parallel()
	const out, gone = "request_out_of_turn", "request_withdrawn"
	for name, c := range map[string]struct {
		reach func(*testing.T, *world) attest.Begun
		want  map[string]string // what is refused, and how
	}{
		"awaiting the account": {
			func(t *testing.T, w *world) attest.Begun { return w.begins(t, marie, mailbox) },
			map[string]string{"renew": out, "prove": out, "issue": out, "confirm": out},
		},
		"awaiting the mailbox": {
			func(t *testing.T, w *world) attest.Begun {
				b := w.begins(t, marie, mailbox)
				w.signsIn(t, b)
				return b
			},
			map[string]string{"sign in": out, "confirm": out, "issue": out, "prove": "code_wrong"},
		},
		"proven": {
			func(t *testing.T, w *world) attest.Begun { return w.proven(t, marie, mailbox) },
			map[string]string{"sign in": out, "confirm": out, "renew": out, "prove": out},
		},
		"issued": {
			func(t *testing.T, w *world) attest.Begun { b, _ := w.issued(t, marie, mailbox); return b },
			map[string]string{"sign in": out, "confirm": out, "renew": out, "prove": out, "withdraw": out},
		},
		"withdrawn": {
			func(t *testing.T, w *world) attest.Begun {
				b := w.proven(t, marie, mailbox)
				must(t, w.Withdraw(t.Context(), b.ID, b.Token))
				return b
			},
			map[string]string{"sign in": gone, "confirm": gone, "renew": gone, "prove": gone, "issue": gone},
		},
		"expired": {
			func(t *testing.T, w *world) attest.Begun {
				b := w.proven(t, marie, mailbox)
				w.pass(24 * time.Hour)
				return b
			},
			map[string]string{"sign in": "request_expired", "confirm": "request_expired", "renew": "request_expired",
				"prove": "request_expired", "issue": "request_expired"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for step := range map[string]bool{"look": true, "withdraw": true, "sign in": true, "confirm": true, "renew": true, "prove": true, "issue": true} {
				w := newWorld(t)
				b := c.reach(t, w)
				before := w.state(t, b)
				err := w.steps(t, b.ID, b.Token)[step]()
				if c.want[step] == "" {
					if err != nil {
						t.Errorf("%s: %v", step, err)
					}
					continue
				}
				if got := fault.Code(err); err == nil || got != c.want[step] {
					t.Errorf("%s: %v, want %s", step, err, c.want[step])
				}
				if after := w.state(t, b); after != before {
					t.Errorf("%s, refused, changed %s to %s", step, before, after)
				}
			}
		})
	}
}

// What the store cannot do is nobody's fault: it stays inside, and is told as
// the store tells it.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.proven(t, marie, mailbox)
	must(t, w.store.Close())
	for name, do := range w.steps(t, b.ID, b.Token) {
		err := do()
		if f, told := fault.Of(err); err == nil || told && f.Kind != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, attest.ErrNotFound) {
			t.Errorf("%s takes a broken store for an empty one", name)
		}
	}
}
