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
	"cocarde.example/internal/durable"
	"cocarde.example/internal/store"
	"cocarde.example/test/postgres"
)

// BenchmarkBackup measures backups and restores of a country: on PostgreSQL against
// pg_dump and pg_restore, on SQLite against copying the file. What is a ratio is so
// many times as long as these.
//
// A copy of a file is as durable as what it is compared with: bytes and name are
// synced. All that is read was written just before, so that it is in memory for both
// alike, and all of that was synced: nobody waits for what another has written. Each
// is done rounds times, in turn with the others, and the medians count.
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
	b.ReportMetric(ours/theirs, "backup/pg_dump")
	theirs = took.time("pg_restore", func() error { return run("pg_restore", "--no-owner", "--dbname="+other, dump) })
	ours = took.time("restore", func() error { return restore(b, own, restored, identity) })
	b.ReportMetric(ours/theirs, "restore/pg_restore")
}

func benchmarkBackupFile(b *testing.B, url string, identity *age.X25519Identity) {
	dir := b.TempDir()
	file, copied, own, restored := filepath.Join(dir, "cocarde.db"), filepath.Join(dir, "copy.db"), filepath.Join(dir, "backup.age"), filepath.Join(dir, "restored.db")
	toFile(b, url, file)
	took := measure{b}
	var copies, backups, restores []float64
	for range rounds {
		copies = append(copies, took.time("cp", func() error { return copyFile(file, copied) }))
		backups = append(backups, took.time("backup", func() error { return backUp(b, file, own, identity) }))
		restores = append(restores, took.time("restore", func() error { return restore(b, own, restored, identity) }))
		for _, f := range []string{copied, own, restored} {
			check(b, os.Remove(f))
		}
	}
	b.ReportMetric(median(backups)/median(copies), "backup/copy")
	b.ReportMetric(median(restores)/median(copies), "restore/copy")
}

// rounds is odd.
const rounds = 3

// measure tells how long something took, in seconds.
type measure struct{ b *testing.B }

func (m measure) time(what string, act func() error) float64 {
	m.b.Helper()
	began := time.Now()
	check(m.b, act())
	took := time.Since(began).Seconds()
	fmt.Fprintf(os.Stderr, "%s took %.1f s\n", what, took)
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

// copyFile is what an operator would do, and durable as a backup is. The bytes do not
// leave the kernel.
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
	return errors.Join(err, out.Sync(), out.Close(), durable.Dir(filepath.Dir(to)))
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
	out := durable.NewWriter(f)
	bar := &progress{what: "backup", after: "syncing", total: 1 << 10}
	show, end := shown(bar)
	defer end()
	err = s.Backup(b.Context(), func(h backup.Header) (*backup.Writer, error) {
		return backup.NewWriter(out, []age.Recipient{identity.Recipient()}, h)
	}, show)
	return errors.Join(err, out.Close(), f.Close(), s.Close(), durable.Dir(filepath.Dir(to)))
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
