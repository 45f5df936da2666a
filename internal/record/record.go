package record

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cocarde.example/internal/durable"
	"cocarde.example/internal/fault"
)

// What may be told of a record. Nothing was touched.
var (
	ErrMissing = fault.New(fault.NotFound, "record_missing",
		"The database names a record of what was published, and COCARDE_PUBLISHED_DIR has none. Put that directory back, or set COCARDE_PUBLISHED_DIR to the one that all servers share. If it is lost, `cocarde db replay --without-record` goes on without it and says what may have been forgotten.")
	ErrOther = fault.New(fault.Conflict, "record_other",
		"COCARDE_PUBLISHED_DIR holds what another issuer has published. Give each issuer a directory of its own.")
	errDamaged = fault.New(fault.Conflict, "record_damaged",
		"What was published is not all in COCARDE_PUBLISHED_DIR: a file or a line is damaged or missing. Put back a whole copy of the directory, or set COCARDE_PUBLISHED_DIR to the one that all servers share. If there is none, `cocarde db replay --without-record` goes on without it and says what may have been forgotten.")
	errYounger = fault.New(fault.Conflict, "record_younger",
		"The record in COCARDE_PUBLISHED_DIR was begun later than this database, or the backup, was copied: nobody tells what was published between. Use a newer copy. If there is none, `cocarde db replay --without-record` goes on without the record and says what may have been forgotten.")
	errUnreadable = fault.New(fault.Unavailable, "record_unreadable",
		"COCARDE_PUBLISHED_DIR, or a file in it, cannot be read; it may be whole. See that it is a directory on a disk that works, and give it and all in it to the user who runs the servers (chown -R), then repeat the command.")
	errNewer = fault.New(fault.Conflict, "record_newer",
		"COCARDE_PUBLISHED_DIR was written by a newer version of this program. Use that version or a later one.")
	errUnwritable = fault.New(fault.Unavailable, "record_unwritable",
		"The server cannot record what it is about to publish, so nothing was published. Try again later, or tell the operator.").After(time.Minute)
)

const (
	nameFile = "record.json"
	suffix   = ".log"
)

// Owner is whose record it is.
type Owner struct {
	Origin string
	// Prove makes, of a record's id, what only a holder of the issuer's keys can.
	Prove func(id string) []byte
}

// Record is an open record. It is safe for concurrent use.
type Record struct {
	id    string
	dir   string
	after int64 // number of the last event before it was begun

	mu   sync.Mutex
	name func() string // of the file that is written next
	file *os.File      // nil until something is recorded
	size int64         // of what is whole in it
	last int64         // highest number that this process knows to be recorded
}

// name is what record.json holds.
type name struct {
	Format int    `json:"format"`
	ID     string `json:"id"`
	Issuer string `json:"issuer"`
	Proof  []byte `json:"proof"`
	After  int64  `json:"after"` // the record tells of the events after this one; former versions did not say so
}

// Open opens the record that a directory holds; ErrMissing if it holds none. Files
// that are written are named by writer, which names this process's place, and now.
func Open(dir string, o Owner, writer string, now func() time.Time) (*Record, error) {
	n, err := readName(dir)
	switch {
	case err != nil:
		return nil, err
	case n.Issuer != o.Origin:
		return nil, ErrOther.Because(fmt.Errorf("it is that of %s", n.Issuer))
	case subtle.ConstantTimeCompare(n.Proof, o.Prove(n.ID)) != 1:
		return nil, ErrOther.Because(errors.New("its issuer had other keys"))
	}
	return &Record{id: n.ID, dir: dir, after: n.After, last: n.After, name: func() string {
		return now().UTC().Format("20060102T150405Z") + "-" + writer + "-" + rand.Text()[:8] + suffix
	}}, nil
}

func readName(dir string) (n name, err error) {
	text, err := os.ReadFile(filepath.Join(dir, nameFile))
	if errors.Is(err, fs.ErrNotExist) {
		return n, ErrMissing.Because(err)
	}
	if err != nil {
		return n, unread(err)
	}
	switch err := json.Unmarshal(text, &n); {
	case err != nil:
		return n, errDamaged.Because(err)
	case n.Format > format:
		return n, errNewer
	case n.Format < 1 || n.ID == "" || n.After < 0:
		return n, errDamaged.Because(fmt.Errorf("%s names no record", nameFile))
	}
	return n, nil
}

// unread says of an error of the system whether a file cannot be read, or is gone.
func unread(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errDamaged.Because(err)
	}
	return errUnreadable.Because(err)
}

// Create begins a record where there is none, of the events after one, and makes the
// directory if need be. Of two that do so at once, one does.
func Create(dir string, o Owner, after int64) error {
	id := rand.Text()
	text, err := json.Marshal(name{format, id, o.Origin, o.Prove(id), after})
	if err != nil {
		return fmt.Errorf("record: encode: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return errUnwritable.Because(err)
	}
	if err := place(dir, append(text, '\n')); err != nil {
		return errUnwritable.Because(err)
	}
	return nil
}

// Exists says whether a directory holds a record, anybody's.
func Exists(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, nameFile))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err == nil, nil
	}
	return false, unread(err)
}

// SetAside moves what a directory holds of a record into a new one below it, since
// nobody can go on with it.
func SetAside(dir string, now time.Time) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unread(err)
	}
	var aside string
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		if aside == "" {
			if aside, err = os.MkdirTemp(dir, "aside-"+now.UTC().Format("20060102T150405Z")+"-"); err != nil {
				return errUnwritable.Because(err)
			}
		}
		if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(aside, e.Name())); err != nil {
			return errUnwritable.Because(err)
		}
	}
	return nil
}

// place writes the record's name whole, or leaves the one that stands.
func place(dir string, text []byte) error {
	temp, err := os.CreateTemp(dir, nameFile+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	err = os.Link(temp.Name(), filepath.Join(dir, nameFile))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return durable.Dir(dir)
}

// ID names the record, for the database to name it too.
func (r *Record) ID() string { return r.id }

// Close ends the file of this process.
func (r *Record) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leave()
}
