package torture

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// pairs reads rows of a name and bytes.
func pairs(ctx context.Context, db *sql.DB, query string) (map[string][]byte, error) {
	all := map[string][]byte{}
	_, err := list(ctx, db, func(row *sql.Rows) (name string, err error) {
		var value []byte
		err = row.Scan(&name, &value)
		all[name] = value
		return name, err
	}, query)
	return all, err
}

// cell is what stands in one column of one row.
type cell struct {
	table, column, text string
	badge               string // that the row is about, where it says so
}

// everything reads each row of each table, as somebody would who has nothing but the
// database.
func everything(ctx context.Context, g ground, db *sql.DB) (all []cell, err error) {
	tables, err := list(ctx, db, func(row *sql.Rows) (name string, err error) { return name, row.Scan(&name) }, g.tables())
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		rows, err := list(ctx, db, readCells(table), `SELECT * FROM `+table)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			all = append(all, row...)
		}
	}
	return all, nil
}

func readCells(table string) func(*sql.Rows) ([]cell, error) {
	return func(rows *sql.Rows) ([]cell, error) {
		names, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		values, into, row := make([]any, len(names)), make([]any, len(names)), make([]cell, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		about := ""
		for i, name := range names {
			text := fmt.Sprint(values[i])
			if b, ok := values[i].([]byte); ok {
				text = string(b)
			}
			row[i] = cell{table: table, column: name, text: text}
			if name == "badge_id" {
				about = text
			}
		}
		for i := range row {
			row[i].badge = about
		}
		return row, nil
	}
}

// traces names where something is left of whoever had an erased badge. A request that
// came to no end was for another badge; it goes with its own end.
func traces(all []cell, b *badge) (where []string) {
	private := append([]string{b.account.Username(), b.account.ActorID(), b.mailbox}, b.tokens...)
	for _, c := range all {
		if c.table == "requests" && c.badge != b.id {
			continue
		}
		for _, p := range private {
			if strings.Contains(c.text, p) {
				where = append(where, c.table+"."+c.column)
			}
		}
	}
	return where
}

// leftOf gives how many bytes an erased badge's row has where somebody was named, and
// how many notes about it are left.
const leftOf = `
	SELECT length(actor_id) + length(actor_url) + length(actor_host) + length(handle) + length(handle_key) + length(own_key)
		+ length(mailbox) + length(mailbox_key) + length(agency_domain) + length(agency_name) + length(token)
		+ (SELECT count(*) FROM events e WHERE e.badge_id = b.id AND e.note IS NOT NULL)
	FROM badges b WHERE id = $1 AND erased_at IS NOT NULL`

// forgotten notes what is left of badges that were erased, and gives how many these
// are; those that have no row any more, after a loss, are not among them.
func (w *world) forgotten(ctx context.Context, db *sql.DB, badges []*badge) (n int, err error) {
	all, err := everything(ctx, w.ground, db)
	if err != nil {
		return 0, err
	}
	for _, b := range badges {
		for _, where := range traces(all, b) {
			w.journal.lose("badge %s is erased, and %s holds something of %s", b.id, where, b.handle())
		}
		var left int
		switch err := db.QueryRowContext(ctx, leftOf, b.id).Scan(&left); {
		case err == sql.ErrNoRows:
			continue
		case err != nil:
			return n, err
		case left > 0:
			w.journal.lose("badge %s is erased, and %d bytes or notes are left in its rows", b.id, left)
		}
		n++
	}
	return n, nil
}

// checkErased: nothing is left of whoever was erased; and the search is not blind.
func (c *checker) checkErased(ctx context.Context) error {
	var gone []*badge
	for _, b := range c.journal.badges {
		if c.state.badges[b.id].Erased {
			gone = append(gone, b)
		}
		for _, a := range b.acts {
			if a.what == erased && a.outcome == changed && !c.state.badges[b.id].Erased {
				c.journal.lose("badge %s was acknowledged as erased, and is not", b.id)
			}
		}
	}
	found, err := c.forgotten(ctx, c.db, gone)
	if err == nil && found != len(gone) {
		c.journal.lose("%d badges are erased, %d of them have rows", len(gone), found)
	}
	if err != nil {
		return err
	}
	all, err := everything(ctx, c.ground, c.db)
	if err != nil {
		return err
	}
	for _, b := range c.journal.badges {
		if !c.state.badges[b.id].Erased && len(traces(all, b)) == 0 {
			c.journal.lose("nothing is found of %s, whose badge %s is not erased: the search is blind", b.handle(), b.id)
		}
	}
	return nil
}
