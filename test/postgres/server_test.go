package postgres

import (
	"bufio"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// ask gives the one value that a query answers with.
func ask[T any](t *testing.T, conn *pgx.Conn, query string) (value T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func TestKilledServerKeepsItsData(t *testing.T) {
	t.Parallel()
	s := New(t, "max_connections=20")
	db, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, db)
	if got := ask[string](t, conn, "SHOW max_connections"); got != "20" {
		t.Errorf("max_connections is %s", got)
	}
	if got := ask[string](t, conn, "SHOW fsync"); got != "on" {
		t.Errorf("fsync is %s", got)
	}
	if err := s.StartAgain(); err == nil {
		t.Error("a server that runs is started again")
	}
	for i, end := range []func() error{s.Kill, s.Stop} {
		if _, err := connect(t, db).Exec(t.Context(), "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)",
			pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(end(), end()); err != nil { // twice does no harm
			t.Fatal(err)
		}
		if conn, err := pgx.Connect(t.Context(), db); err == nil {
			conn.Close(t.Context())
			t.Fatal("a server that has ended answers")
		}
		if err := s.StartAgain(); err != nil {
			t.Fatal(err)
		}
		if got := ask[int](t, connect(t, db), "SELECT count(*) FROM kept"); got != i+1 {
			t.Errorf("%d rows kept, not %d", got, i+1)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := New(t, "ssl=on")
	db, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(db, "sslmode=verify-full") {
		t.Errorf("%s asks for no TLS", db)
	}
	if !ask[bool](t, connect(t, db), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") {
		t.Error("the connection is not encrypted")
	}
	for _, wrong := range []string{
		strings.Replace(db, host, "localhost", 1),                            // no name of the certificate's
		strings.Replace(db, url.QueryEscape(s.AuthorityFile()), "system", 1), // nobody trusts it
	} {
		if conn, err := pgx.Connect(t.Context(), wrong); err == nil {
			conn.Close(t.Context())
			t.Errorf("%s connects", wrong)
		}
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := findPrograms()
	check(t, err)
	for name, settings := range map[string][]string{
		"no such setting": {"no_such_setting=1"},
		"no such value":   {"fsync=perhaps"},
	} {
		_, err := Start(t.TempDir(), settings...)
		setting, _, _ := strings.Cut(settings[0], "=")
		if err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s: %v", name, err)
		}
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "theirs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(full); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a full directory: %v", err)
	}
}

// The process that started a server is killed; the server ends, too.
func TestServerEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	_, err := findPrograms()
	check(t, err)
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveIn+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	kill := errors.Join(err, cmd.Process.Kill())
	cmd.Wait()
	db, started := strings.CutSuffix(line, " <nil>\n")
	if kill != nil || !started {
		t.Fatal(line, kill)
	}
	lock := filepath.Join(dir, "data", "postmaster.pid") // the last that a server removes
	for deadline := time.Now().Add(stopTime); ; time.Sleep(pollEvery) {
		if _, err := os.Stat(lock); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server outlives its process")
		}
	}
	if conn, err := pgx.Connect(t.Context(), db); err == nil {
		conn.Close(t.Context())
		t.Error("the server answers still")
	}
}
