package postgres

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestNewDatabase(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	db, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.NewDatabase(t.Context())
	if err != nil || other == db {
		t.Fatal(other, err)
	}
	conn := connect(t, db)
	if ask[bool](t, conn, "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user") {
		t.Error("the owner may do more than own")
	}
	if got := ask[string](t, conn, "SHOW server_encoding"); got != "UTF8" {
		t.Errorf("the encoding is %s", got)
	}
	if got := ask[int](t, conn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); got != 0 {
		t.Errorf("%d tables in a new database", got)
	}
}

func TestNewDatabaseFrom(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	template, err := s.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, template)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	db, err := s.NewDatabaseFrom(t.Context(), template)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask[int](t, connect(t, db), "UPDATE kept SET n = n + 1 RETURNING n"); got != 8 {
		t.Errorf("the copy holds %d", got)
	}
}

func TestWaysIn(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	if got := ask[string](t, connect(t, s.SuperuserURL("postgres")), "SELECT current_user"); got != superuser {
		t.Errorf("the superuser is %s", got)
	}
	if !ask[bool](t, connect(t, s.SocketURL("postgres")), "SELECT inet_server_addr() IS NULL") {
		t.Error("the socket's URL leads elsewhere")
	}
	out, err := exec.Command(s.Tool("pg_isready"), "-d", s.URL("postgres")).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	bare := strings.Replace(s.URL("postgres"), "passfile=", "application_name=", 1)
	if conn, err := pgx.Connect(t.Context(), bare); err == nil {
		conn.Close(t.Context())
		t.Error("no password is needed")
	}
	if info, err := os.Stat(s.PasswordFile()); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

func BenchmarkNewDatabase(b *testing.B) {
	s := Shared(b)
	for b.Loop() {
		if _, err := s.NewDatabase(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
