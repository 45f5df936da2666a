package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/pressly/goose/v3"
)

var createsTable = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

// complete refuses a schema of ours that lacks a table which its migrations made.
func complete(ctx context.Context, db *sql.DB, d dialect, s Schema) error {
	if s.Found == 0 || s.Found > s.Known {
		return nil
	}
	made, err := madeTables(d, s.Found)
	if err != nil {
		return err
	}
	there, err := standingTables(ctx, db, d)
	if err != nil {
		return err
	}
	for _, name := range made {
		if !slices.Contains(there, name) {
			return errIncomplete.Because(fmt.Errorf("there is no table %q", name))
		}
	}
	return nil
}

// madeTables are those that the migrations up to a version make; none drops or renames one.
func madeTables(d dialect, upTo int64) (names []string, err error) {
	files, _ := d.migrations()
	paths, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if n, err := goose.NumericComponent(path); err != nil || n > upTo {
			return names, err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, err
		}
		for _, m := range createsTable.FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names, nil
}

func standingTables(ctx context.Context, db *sql.DB, d dialect) (names []string, err error) {
	ctx, cancel := newPool(db, d).bounded(ctx)
	defer cancel()
	rows, err := db.QueryContext(ctx, d.tables())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var name string
	err = scanRows(rows, func(row scanner) error {
		err := row.Scan(&name)
		names = append(names, name)
		return err
	})
	return names, err
}
