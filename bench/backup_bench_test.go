package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"cocarde.example/internal/backup"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// BenchmarkBackup measures backups and restores of a country: on PostgreSQL against
// pg_dump and pg_restore, on SQLite against copying the file. What is a ratio is so
// many times as long as these.
func BenchmarkBackup(b *testing.B) {
	hasRoom(b, *badges*perBadge*5)
	server := postgres.New(b, "max_wal_size=4GB", "maintenance_work_mem=256MB", "shared_buffers=128MB")
	url := loaded(b, server, *badges)
	identity, err := age.GenerateX25519Identity()
	check(b, err)
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkBackupServer(b, server, url, identity) })
	b.Run("SQLite", func(b *testing.B) { benchmarkBackupFile(b, url, identity) })
}

func benchmarkBackupServer(b *testing.B, server *postgres.Server, url string, identity *age.X25519Identity) {
	dump, own := filepath.Join(b.TempDir(), "dump"), filepath.Join(b.TempDir(), "backup.age")
	other, restored := newDatabase(b, server), newDatabase(b, server)
	took := measure{b}
	theirs := took.time("pg_dump", func() error { return run("pg_dump", "--format=custom", "--file="+dump, url) })
	ours := took.time("backup", func() error { return backUp(b, url, own, identity) })
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "backup/pg_dump")
	theirs = took.time("pg_restore", func() error { return run("pg_restore", "--no-owner", "--dbname="+other, dump) })
	ours = took.time("restore", func() error { return restore(b, own, restored, identity) })
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "restore/pg_restore")
}

func benchmarkBackupFile(b *testing.B, url string, identity *age.X25519Identity) {
	dir := b.TempDir()
	file, copied, own := filepath.Join(dir, "cocarde.db"), filepath.Join(dir, "copy.db"), filepath.Join(dir, "backup.age")
	toFile(b, url, file)
	took := measure{b}
	theirs := took.time("cp", func() error { return copyFile(file, copied) })
	ours := took.time("backup", func() error { return backUp(b, file, own, identity) })
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "backup/copy")
	theirs = took.time("cp", func() error { return copyFile(copied, filepath.Join(dir, "again.db")) })
	ours = took.time("restore", func() error { return restore(b, own, filepath.Join(dir, "restored.db"), identity) })
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "restore/copy")
}

// measure tells how long something took.
type measure struct{ b *testing.B }

func (m measure) time(what string, act func() error) time.Duration {
	m.b.Helper()
	began := time.Now()
	check(m.b, act())
	took := time.Since(began)
	fmt.Fprintf(os.Stderr, "%s took %.1f s\n", what, took.Seconds())
	return took
}

func run(program string, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
		if len(found) == 0 {
			return err
		}
		path = found[len(found)-1]
	}
	var said strings.Builder
	cmd := exec.Command(path, args...)
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, said.String())
	}
	return nil
}

// copyFile is what an operator would do, and durable as a backup is.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func backUp(b *testing.B, database, to string, identity *age.X25519Identity) error {
	s, err := store.Open(b.Context(), store.Options{Database: database})
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	bar := &progress{what: "backup", after: "syncing", total: 1 << 10}
	show, end := shown(bar)
	defer end()
	err = s.Backup(b.Context(), func(h backup.Header) (*backup.Writer, error) {
		return backup.NewWriter(f, []age.Recipient{identity.Recipient()}, h)
	}, show)
	return errors.Join(err, f.Sync(), f.Close(), s.Close())
}

// restore reads the backup twice for a server, as the command does.
func restore(b *testing.B, from, database string, identity *age.X25519Identity) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	if store.OnServer(database) {
		r, err := backup.NewReader(f, []age.Identity{identity})
		if err == nil {
			err = r.Check()
		}
		if err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	r, err := backup.NewReader(f, []age.Identity{identity})
	if err != nil {
		return err
	}
	return store.Restore(b.Context(), store.Options{Database: database}, r, func(context.Context, *store.Store) error { return nil })
}

// shown shows a bar until end is called.
func shown(bar *progress) (show func(done, total int64), end func()) {
	stop, drawn := make(chan struct{}), make(chan struct{})
	go func() {
		bar.show(stop)
		close(drawn)
	}()
	return func(done, total int64) { bar.done.Store(done * bar.total / max(total, 1)) }, func() {
		close(stop)
		<-drawn
	}
}

// toFile copies a database of PostgreSQL into a new SQLite file, table by table.
func toFile(b *testing.B, url, path string) {
	b.Helper()
	_, err := store.Migrate(b.Context(), store.Options{Database: path})
	check(b, err)
	from, err := pgx.Connect(b.Context(), url)
	check(b, err)
	defer from.Close(b.Context())
	to, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(0)&_pragma=cache_size(-400000)")
	check(b, err)
	defer to.Close()
	to.SetMaxOpenConns(1)
	bar := &progress{what: "copying into SQLite", after: "closing", total: (country{badges: *badges}).rows()}
	_, end := shown(bar)
	defer end()
	tx, err := to.BeginTx(b.Context(), nil)
	check(b, err)
	_, err = tx.Exec(`DELETE FROM status_lists`)
	check(b, err)
	for _, table := range []string{"badges", "attestations", "status_lists", "status_entries", "events"} {
		check(b, copyTable(b.Context(), from, tx, table, bar))
	}
	check(b, tx.Commit())
}

func copyTable(ctx context.Context, from *pgx.Conn, to *sql.Tx, table string, bar *progress) error {
	rows, err := from.Query(ctx, `SELECT * FROM `+table+` LIMIT 0`)
	if err != nil {
		return err
	}
	var columns, places []string
	for n, f := range rows.FieldDescriptions() {
		columns = append(columns, f.Name)
		places = append(places, fmt.Sprintf("$%d", n+1))
	}
	rows.Close()
	insert, err := to.PrepareContext(ctx, fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, table, strings.Join(columns, ", "), strings.Join(places, ", ")))
	if err != nil {
		return err
	}
	defer insert.Close()
	if rows, err = from.Query(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+table); err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return err
		}
		bar.done.Add(1)
	}
	return rows.Err()
}
