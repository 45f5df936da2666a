package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cocarde.example/internal/fault"
	"cocarde.example/internal/record"
	"cocarde.example/internal/store"
)

var errOlder = fault.New(fault.Conflict, "database_older",
	"The database is older than what its servers have published: going on would forget it. Stop all servers. If the database is a copy that was put back, run `cocarde db replay`. Otherwise restore the newest backup into an empty database with `cocarde db restore`.")

// recordPlace is where a process records.
type recordPlace struct {
	dir    string
	writer string // names this process's place
	now    func() time.Time
}

func owner(id identity) record.Owner {
	return record.Owner{Origin: id.origin, Prove: func(r string) []byte {
		return id.data.Lookup.MAC("record", []byte(r))
	}}
}

// openRecord opens the record that the database names, and begins one for a
// database that names none. It refuses a database that lacks what was published.
func openRecord(ctx context.Context, s *store.Store, id identity, p recordPlace) (*record.Record, error) {
	named, err := s.RecordNamed(ctx)
	if err != nil {
		return nil, err
	}
	r, err := openNamed(p, id, named)
	if errors.Is(err, record.ErrMissing) && named == "" {
		if err := begin(ctx, s, id, p.dir); err != nil {
			return nil, err
		}
		r, err = openNamed(p, id, named)
	}
	if err != nil {
		return nil, err
	}
	if err := current(ctx, s, r); err != nil {
		return nil, err
	}
	if err := bind(ctx, s, named, r); err != nil {
		return nil, err
	}
	s.RecordTo(r)
	return r, nil
}

// begin begins a record of what comes after the database's last event.
func begin(ctx context.Context, s *store.Store, id identity, dir string) error {
	seq, err := s.LastSeq(ctx)
	if err != nil {
		return err
	}
	return naming(dir, record.Create(dir, owner(id), seq))
}

// current refuses a record that ends before the database, and a database that is
// older than the record. A numbering that was recorded and then failed makes none:
// its events are in the database. Other servers may number meanwhile.
func current(ctx context.Context, s *store.Store, r *record.Record) error {
	seq, err := s.LastSeq(ctx)
	if err != nil {
		return err
	}
	last, err := r.Last(seq)
	if err != nil || last == seq {
		return err
	}
	seq, err = s.LastSeq(ctx)
	if err != nil || last <= seq {
		return err
	}
	beyond, err := r.Read(seq)
	if err != nil {
		return err
	}
	there, err := s.Holds(ctx, beyond.Events)
	if err == nil && !there {
		err = errOlder.Because(fmt.Errorf("the database's last event is %d, the record's %d", seq, last))
	}
	return err
}

// notOlder refuses what openRecord refuses, and writes nothing.
func notOlder(ctx context.Context, s *store.Store, id identity, dir string) error {
	named, err := s.RecordNamed(ctx)
	if err != nil || named == "" { // no server has run on it yet
		return err
	}
	r, err := openNamed(recordPlace{dir: dir}, id, named)
	if err != nil {
		return err
	}
	return current(ctx, s, r)
}

// openNamed opens the record that a database names, if it names one.
func openNamed(p recordPlace, id identity, named string) (*record.Record, error) {
	r, err := record.Open(p.dir, owner(id), p.writer, p.now)
	if err != nil {
		return nil, naming(p.dir, err)
	}
	if named != "" && named != r.ID() {
		return nil, record.ErrMissing.Because(fmt.Errorf("%s holds the record %s, the database names %s", p.dir, r.ID(), named))
	}
	return r, nil
}

// bind makes the database name the record. Another process may do the same.
func bind(ctx context.Context, s *store.Store, named string, r *record.Record) error {
	if named == r.ID() {
		return nil
	}
	err := s.NameRecord(ctx, named, r.ID())
	if !errors.Is(err, store.ErrFounded) {
		return err
	}
	if named, err = s.RecordNamed(ctx); err == nil && named != r.ID() {
		err = record.ErrMissing.Because(errors.New("another server has begun another record just now"))
	}
	return err
}
