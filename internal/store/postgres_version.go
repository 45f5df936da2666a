package store

import (
	"context"
	"database/sql"
	"fmt"
)

// found is what stands in the schema of a database.
type found struct {
	server   int64 // server_version_num
	encoding string
	creates  bool   // whether tables may be made there
	tables   int64  // but goose's
	some     string // the first names of those
	versions bool   // whether goose's is there
	ours     bool   // whether the first migration marked it
	foreign  string // names of tables of other owners than the marked one's that may not be used
	closed   string // names of others that may not be used
}

const foundQuery = `
	WITH tables AS (
		SELECT c.oid, c.relname::text AS name, c.relowner AS owner, c.relname = 'goose_db_version' AS goose,
			has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
				AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS open
		FROM pg_class c
		WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
			AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	), marked AS (
		SELECT owner FROM tables WHERE name = 'meta' AND obj_description(oid, 'pg_class') = 'cocarde'
	)
	SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'),
		COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE),
		COUNT(*) FILTER (WHERE NOT goose),
		COALESCE(array_to_string((array_agg(name ORDER BY name) FILTER (WHERE NOT goose))[1:3], ', '), ''),
		COUNT(*) FILTER (WHERE goose) > 0,
		EXISTS (SELECT 1 FROM marked),
		COALESCE(string_agg(name, ', ' ORDER BY name) FILTER (WHERE NOT open AND owner IS DISTINCT FROM (SELECT owner FROM marked)), ''),
		COALESCE(string_agg(name, ', ' ORDER BY name) FILTER (WHERE NOT open AND owner = (SELECT owner FROM marked)), '')
	FROM tables`

func (d postgres) version(ctx context.Context, db *sql.DB) (version int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, postgresStatement+postgresSilence)
	defer cancel()
	var f found
	err = db.QueryRowContext(ctx, foundQuery).Scan(&f.server, &f.encoding, &f.creates, &f.tables, &f.some,
		&f.versions, &f.ours, &f.foreign, &f.closed)
	if err != nil {
		return 0, err
	}
	if err := f.usable(); err != nil || f.tables == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

// usable refuses what is not ours, or not ours to use. Where there are no tables, or
// goose's alone since the first migration failed and left nothing else, it will be ours.
func (f found) usable() error {
	switch {
	case f.server < postgresOldest || f.encoding != "UTF8":
		return errServer
	case f.tables > 0 && !f.ours:
		return errForeign.Because(fmt.Errorf("there are tables %q", f.some))
	case f.foreign != "":
		return errForeignTable.Because(fmt.Errorf("it may not use %q", f.foreign))
	case f.closed != "":
		return errDenied.Because(fmt.Errorf("it may not use the tables %q", f.closed))
	case f.tables == 0 && !f.creates:
		return errDenied
	case f.tables > 0 && !f.versions:
		return errIncomplete.Because(fmt.Errorf("there is no table %q", "goose_db_version"))
	}
	return nil
}

// tables implements dialect.
func (d postgres) tables() string {
	return `SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p')`
}

// writable implements dialect.
func (d postgres) writable(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, postgresStatement+postgresSilence)
	defer cancel()
	var readOnly bool
	err := db.QueryRowContext(ctx, `SELECT current_setting('transaction_read_only')::boolean`).Scan(&readOnly)
	if err == nil && readOnly {
		err = errReadOnly
	}
	return err
}
