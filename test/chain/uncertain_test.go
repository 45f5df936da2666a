package chain

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"

	"cocarde.example/test/postgres"
)

// loseAnswer is what the database says in a transaction whose commit is to be done
// without anybody learning of it.
const loseAnswer = "the answer is lost"

// losing is a listener at which connections end in place of such an answer.
type losing struct{ net.Listener }

// Accept implements net.Listener.
func (l losing) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &loser{Conn: c}, nil
}

type loser struct {
	net.Conn
	said bool
}

// Write implements net.Conn. Answers are so short that each comes in one piece.
func (l *loser) Write(p []byte) (int, error) {
	l.said = l.said || bytes.Contains(p, []byte(loseAnswer))
	if l.said && bytes.Contains(p, []byte("COMMIT\x00")) {
		return 0, io.ErrClosedPipe
	}
	return l.Conn.Write(p)
}

// An attestation whose commit was not answered may have been issued, or not: the
// agent is told so, asks again, and has one.
func TestACommitWithoutAnAnswerIsSaidToBeUncertain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trigger  string // what happens when a badge is written
		listener func(net.Listener) net.Listener
		issued   int // how many were, in truth
	}{
		"and was not done": {
			trigger: `CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
				CREATE CONSTRAINT TRIGGER strike AFTER INSERT ON badges DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION strike()`,
			listener: func(l net.Listener) net.Listener { return l },
		},
		"and was done": {
			trigger: `CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''` + loseAnswer + `''; RETURN NULL; END';
				CREATE TRIGGER strike AFTER INSERT ON badges FOR EACH ROW EXECUTE FUNCTION strike()`,
			listener: func(l net.Listener) net.Listener { return losing{l} },
			issued:   1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := postgres.Shared(t)
			database, err := s.NewDatabase(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			w := onServer(t, relay(t, c.listener(l), fewer(database)))
			a := w.agent(t, w.instance(t))
			a.proven()
			do := func(statements string) {
				t.Helper()
				if err := s.Exec(t.Context(), databaseName(t, database), statements); err != nil {
					t.Fatal(err)
				}
			}
			do(c.trigger)
			got := a.issue()
			got.refused(http.StatusServiceUnavailable, "storage_uncertain", "")
			got.retryAfter()
			do(`DROP TRIGGER strike ON badges`)
			if n := w.number(t, `SELECT count(*) FROM attestations`); n != c.issued {
				t.Errorf("%d attestations, want %d", n, c.issued)
			}
			var i issued
			a.issue().want(http.StatusCreated).into(&i)
			mustHold(t, a.report(map[string]string{"attestation": i.Public}))
			if n := w.number(t, `SELECT count(*) FROM attestations`); n != 1 {
				t.Errorf("%d attestations", n)
			}
		})
	}
}
