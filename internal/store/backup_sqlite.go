package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"time"

	"cocarde.example/internal/backup"
)

// pagesSection holds the file itself, page by page.
const pagesSection = "pages"

// backup reads the file's pages in one read transaction, which neither waits for
// the writer nor keeps it waiting.
func (d sqlite) backup(ctx context.Context, db *sql.DB, schema int64, begin func(backup.Header) (*backup.Writer, error), p Progress) (err error) {
	// Closed after the transaction: on POSIX, to close a file ends the locks that its
	// process has on it.
	file, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `BEGIN DEFERRED`); err != nil {
		return err
	}
	defer func() {
		_, end := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		err = errors.Join(err, end)
	}()
	h := backup.Header{Dialect: d.name(), Schema: schema, At: time.Now().UTC()}
	if err := conn.QueryRowContext(ctx, headerQuery).Scan(&h.Issuer, &h.Record, &h.Seq); err != nil {
		return err
	}
	if h.Keys, err = headerKeys(ctx, conn); err != nil {
		return err
	}
	from := pages{conn: conn}
	err = conn.QueryRowContext(ctx, `SELECT page_count, page_size FROM pragma_page_count, pragma_page_size`).Scan(&from.count, &from.size)
	if err != nil {
		return err
	}
	w, err := begin(h)
	if err != nil {
		return err
	}
	if err := w.Begin(backup.Section{Name: pagesSection}); err != nil {
		return err
	}
	if from.logged, err = loggedPages(d.path+"-wal", from.size); err != nil {
		return err
	}
	if err := from.copy(ctx, file, &copier{to: w, total: from.count * from.size, told: p}); err != nil {
		return err
	}
	return w.Close()
}

// headerKeys reads the wrapped data keys, in whatever transaction stands there.
func headerKeys(ctx context.Context, conn *sql.Conn) (map[string][]byte, error) {
	return wrappedKeys(func(text string, args []any, scan func(scanner) error) (err error) {
		all, err := conn.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, all.Close()) }()
		return scanRows(all, scan)
	})
}
