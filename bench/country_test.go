package bench

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"cocarde.example/attest"
	"cocarde.example/internal/acct"
	"cocarde.example/internal/statuslist"
	"cocarde.example/verify"
)

// country is an issuer's database with so many badges, each with one attestation, and
// one in a hundred of them revoked. Everything about a badge follows from its number,
// and its place in every index is random, as in life.
type country struct {
	badges int64
	token  string    // a real one: the others are as long
	until  time.Time // when the last badge was issued
}

const (
	listTaken = statuslist.Size*4/5 + 1 // at which a list is closed
	agencies  = 2000
	instances = 5000
)

// load fills a migrated database, table by table at once, and counts rows done.
func (c country) load(ctx context.Context, url string, row func()) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var rebuild []string
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if rebuild, err = withoutReferences(ctx, tx); err != nil {
			return err
		}
		return c.lists(ctx, tx)
	})
	if err != nil {
		return err
	}
	var g errgroup.Group
	for _, t := range c.tables(row) {
		g.Go(func() error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			return t.load(ctx, conn)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, text := range rebuild {
		if _, err := conn.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// rows is how many rows load writes.
func (c country) rows() int64 {
	n := 4 * c.badges
	for i := range c.badges {
		if revokedAt(i) {
			n++
		}
	}
	return n
}

func (c country) lists(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM status_lists`); err != nil {
		return err
	}
	for number := int64(0); number*listTaken <= c.badges; number++ {
		_, err := tx.Exec(ctx, `INSERT INTO status_lists (number, size, taken) VALUES ($1, $2, $3)`,
			number+1, statuslist.Size, min(listTaken, c.badges-number*listTaken))
		if err != nil {
			return err
		}
	}
	return nil
}

func (c country) tables(row func()) []table {
	each := func(write func(t *tuples, n int64)) func(*tuples) error {
		return func(t *tuples) error {
			for n := range c.badges {
				write(t, n)
				row()
			}
			return nil
		}
	}
	return []table{
		{"badges", `id, kind, actor_id, actor_url, actor_host, handle, handle_key, mailbox, mailbox_key, agency_domain, agency_name,
			agency_country, listed, status, created_at, changed_at, account_vrf, agency_vrf, jti, token, kid, list, idx, issued_at, expires_at, holds, reminded`, each(c.badge)},
		{"attestations", `jti, badge_id, token_hash, kid, list, idx, issued_at, expires_at`, each(c.attestation)},
		{"status_entries", `list, idx, status`, each(func(t *tuples, n int64) {
			t.row(3)
			t.integers(list(n), index(n), int64(status(n)))
		})},
		{"events", `seq, public, kind, at, done_by, badge_id, jti, list, idx, token_hash, kid, reason`,
			func(t *tuples) error {
				_ = each(c.issued)(t)
				seq := c.badges
				for n := range c.badges {
					if revokedAt(n) {
						seq++
						c.event(t, n, seq, attest.EventRevoked, "operator", attest.LeftAgency)
						row()
					}
				}
				return nil
			}},
	}
}

// kid is the thumbprint of whatever key signed.
const kid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

func (c country) badge(t *tuples, n int64) {
	h, agency := handleOf(n), noise(n, 'a')%agencies
	host := h.Host().String()
	at := c.issuedAt(n)
	t.row(27)
	t.text(badgeID(n), string(attest.AgencyMailbox), "https://"+host+"/users/"+h.User(), "https://"+host+"/@"+h.User(), host, h.String(), h.Key())
	t.bytes(random(n, 'm', 80), random(n, 'k', 32))
	t.text(fmt.Sprintf("agency%d.gouv.fr", agency), fmt.Sprintf("Direction départementale %d", agency), "FR")
	t.boolean(true)
	t.integers(int64(status(n)), at, at)
	t.bytes(random(n, 'v', 64), random(int64(agency), 'w', 64))
	t.text(jti(n), c.token[:len(c.token)-87]+base64.RawURLEncoding.EncodeToString(random(n, 's', 64))+"~", kid)
	t.integers(list(n), index(n), at, at+attest.DefaultValidity.Microseconds())
	t.boolean(status(n) != verify.Revoked)
	t.integers(3) // all reminders have gone out: what stands for mailboxes cannot be opened
}

func (c country) attestation(t *tuples, n int64) {
	at := c.issuedAt(n)
	t.row(8)
	t.text(jti(n), badgeID(n))
	t.bytes(random(n, 'h', 32))
	t.text(kid)
	t.integers(list(n), index(n), at, at+attest.DefaultValidity.Microseconds())
}

func (c country) issued(t *tuples, n int64) {
	c.event(t, n, n+1, attest.EventIssued, "agent", "")
}

func (c country) event(t *tuples, n, seq int64, kind attest.EventKind, by string, reason attest.Reason) {
	t.row(12)
	t.integers(seq)
	t.boolean(true)
	t.text(string(kind))
	t.integers(c.issuedAt(n))
	t.text(by, badgeID(n), jti(n))
	t.integers(list(n), index(n))
	t.bytes(random(n, 'h', 32))
	t.text("", string(reason))
}

// issuedAt spreads the badges over 170 days: none has expired.
func (c country) issuedAt(n int64) int64 {
	const spread = 170 * 24 * time.Hour
	before := float64(spread.Microseconds()) * float64(c.badges-n) / float64(c.badges)
	return c.until.UnixMicro() - int64(before)
}

func list(n int64) int64 { return n/listTaken + 1 }

// index is another for each badge of a list: the factor is odd, the size a power of two.
func index(n int64) int64 { return n % listTaken * 0x9e3779b1 % statuslist.Size }

func revokedAt(n int64) bool { return noise(n, 'r')%100 == 0 }

func status(n int64) verify.Status {
	if revokedAt(n) {
		return verify.Revoked
	}
	return verify.Valid
}

func handleOf(n int64) acct.Handle {
	user := strconv.FormatUint(noise(n, 'u'), 36)
	h, err := acct.ParseHandle(fmt.Sprintf("@%s@social%d.example.org", user, noise(n, 'i')%instances))
	if err != nil {
		panic(err) // letters and digits make a handle
	}
	return h
}

// badgeID is 12 characters in Crockford's base32.
func badgeID(n int64) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	bits := noise(n, 'b')
	var id [12]byte
	for i := range id {
		id[i] = alphabet[bits>>(5*i)%32]
	}
	return string(id[:])
}

func jti(n int64) string { return base64.RawURLEncoding.EncodeToString(random(n, 'j', 16)) }

// noise is a number that looks random and follows from a badge's, for one purpose.
func noise(n int64, purpose byte) uint64 { return rand.NewPCG(uint64(n), uint64(purpose)).Uint64() }

func random(n int64, purpose byte, size int) []byte {
	source := rand.NewPCG(uint64(n), uint64(purpose))
	b := slices.Grow([]byte(nil), size+8)
	for len(b) < size {
		b = binary.BigEndian.AppendUint64(b, source.Uint64())
	}
	return b[:size]
}
