package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/jobs"
)

var letter = attest.Message{Kind: attest.MailCode, To: "marie.dupont@culture.gouv.fr", Code: "12345678"}

func TestOutboxSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		for id := range int64(20) { // more than go at once
			d.mail(t, id+1, letter, time.Minute)
		}
		d.put(21, attest.OutboxRevocation, []byte(attest.SealRevocation+`:{"host":"social.example","token":"t"}`), time.Minute)
		p := run(t, d, "one")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		got, tries := p.server.seen()
		if len(d.entries()) != 0 || tries != 21 || !slices.Contains(got, "social.example t") {
			t.Errorf("%d left, %d tries: %v", len(d.entries()), tries, got)
		}
	})
}

// Pauses double from 2 s up to a minute; the entry's end ends the trying.
func TestOutboxBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.mail(t, 1, letter, 10*time.Minute)
		p := run(t, d, "one", func(context.Context) error { return errors.New("connection refused by " + letter.To) })
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		var pauses []int
		for i := range p.server.at[1:] {
			pauses = append(pauses, int(p.server.at[i+1].Sub(p.server.at[i]).Round(time.Second).Seconds()))
		}
		if want := []int{2, 4, 8, 16, 32, 60, 60}; !slices.Equal(pauses[:7], want) {
			t.Errorf("pauses %v, want %v", pauses, want)
		}
		e := d.entries()[0]
		if !e.gaveUp || e.lastError != "too_late" {
			t.Errorf("%+v", e)
		}
		for _, private := range []string{letter.To, letter.Code, "refused"} {
			if strings.Contains(p.log.String(), private) || strings.Contains(e.lastError, private) {
				t.Errorf("the log or the entry holds %q", private)
			}
		}
	})
}

func TestOutboxGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.mail(t, 1, letter, time.Hour)
		p := run(t, d, "one", func(context.Context) error { return fault.New(fault.Invalid, "mail_refused", "Refused for good.") })
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, tries := p.server.seen(); tries != 1 || !d.entries()[0].gaveUp || d.entries()[0].lastError != "mail_refused" {
			t.Errorf("%d tries: %+v", tries, d.entries())
		}
	})
}

// What cannot be opened waits for its end, and harms nothing else.
func TestOutboxUnreadable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.put(1, attest.OutboxMail, []byte("sealed by another key"), time.Minute)
		d.put(3, attest.OutboxMail, []byte(attest.SealMail+":{"), time.Minute)
		d.mail(t, 4, letter, time.Minute)
		p := run(t, d, "one")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got, _ := p.server.seen(); len(got) != 1 || len(d.entries()) != 2 {
			t.Errorf("%v, %d left", got, len(d.entries()))
		}
		for _, e := range d.entries() {
			if !e.gaveUp {
				t.Errorf("%+v", e)
			}
		}
	})
}

// Mail waits for a mail server that is not configured yet.
func TestOutboxWithoutMailServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.mail(t, 1, letter, time.Minute)
		c := &jobs.Courier{Store: d, Vault: vault{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		if err := c.Deliver(t.Context(), attest.OutboxMail); err != nil {
			t.Fatal(err)
		}
		if e := d.entries(); len(e) != 1 || e[0].gaveUp || e[0].lastError != "mail_not_configured" {
			t.Errorf("%+v", e)
		}
	})
}

// A server that never answers is left after a while, and does not hold up others.
func TestOutboxHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.mail(t, 1, letter, time.Hour)
		run(t, d, "one", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		time.Sleep(46 * time.Second)
		synctest.Wait()
		if e := d.entries()[0]; e.Attempts != 1 || e.gaveUp {
			t.Errorf("%+v", e)
		}
	})
}

// What is being sent when it is asked to stop is finished, and nobody else sends
// it meanwhile.
func TestOutboxFinished(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.mail(t, 1, letter, time.Hour)
		one := run(t, d, "one", func(context.Context) error { time.Sleep(4 * time.Second); return nil })
		synctest.Wait()
		two := run(t, d, "two")
		time.Sleep(time.Second)
		began := time.Now()
		one.stop()
		if took := time.Since(began); len(d.entries()) != 0 || took != 3*time.Second {
			t.Errorf("stopped after %v, %d left", took, len(d.entries()))
		}
		d.mail(t, 2, letter, time.Hour)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		_, first := one.server.seen()
		if _, second := two.server.seen(); first != 1 || second != 1 {
			t.Errorf("one sent %d mails, the other %d", first, second)
		}
	})
}

// What takes too long is kept, as if it had not been tried; what was sent just
// then is deleted.
func TestOutboxStopped(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := &database{}
			d.mail(t, 1, letter, time.Hour)
			p := run(t, d, "one", func(ctx context.Context) error {
				<-ctx.Done()
				if taken {
					return nil
				}
				return ctx.Err()
			})
			time.Sleep(time.Second)
			began := time.Now()
			p.stop()
			if took := time.Since(began); took != 5*time.Second {
				t.Errorf("it took %v", took)
			}
			left := d.entries()
			if taken && len(left) != 0 {
				t.Errorf("it would be sent twice: %+v", left)
			}
			if !taken && (len(left) != 1 || left[0].Attempts != 0 || left[0].gaveUp) {
				t.Errorf("it is lost: %+v", left)
			}
		})
	}
}

// A mail that was sent and cannot be deleted is not sent again.
func TestOutboxFullDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		d.mail(t, 1, letter, 10*time.Minute)
		d.breaks("OutboxSent", errors.New("storage_full"))
		p := run(t, d, "one")
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, tries := p.server.seen(); tries != 1 {
			t.Errorf("sent %d times", tries)
		}
		if n := strings.Count(p.log.String(), "outbox failed"); n > 7 {
			t.Errorf("the log says so %d times in a minute", n)
		}
		d.breaks("OutboxSent", nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, tries := p.server.seen(); tries != 1 || len(d.entries()) != 0 {
			t.Errorf("sent %d times, %d left", tries, len(d.entries()))
		}
	})
}

// Without the lease nothing is sent.
func TestOutboxNeedsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{holder: "other", ends: time.Now().Add(time.Hour)}
		d.mail(t, 1, letter, time.Hour)
		p := run(t, d, "one")
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, tries := p.server.seen(); tries != 0 {
			t.Errorf("sent %d times", tries)
		}
	})
}
