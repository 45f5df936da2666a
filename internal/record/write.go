package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"cocarde.example/internal/durable"
)

// perLine bounds the events of a line, so that a line stays below a megabyte.
const perLine = 1000

// Reserve records indices of a list before any of them is given out. They are
// durable once it returns nil. The number of an event that the database holds says
// up to where the record must tell, should the files of others be lost.
func (r *Record) Reserve(seq, list int64, indices []int64) error {
	return r.append([]line{{Last: seq, List: list, Reserved: indices}})
}

// Number records events with the numbers that they are about to get. They are
// durable once it returns nil.
func (r *Record) Number(events []Event) error {
	var lines []line
	for part := range slices.Chunk(events, perLine) {
		lines = append(lines, line{Events: part})
	}
	return r.append(lines)
}

func (r *Record) append(lines []line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.write(lines); err != nil {
		return errUnwritable.Because(err)
	}
	return nil
}

// write leaves a file that failed as it was before, if it can: then the next
// write goes on with it. What was synced in vain is gone on with in a new file.
func (r *Record) write(lines []line) error {
	if !r.stands() {
		if err := r.leave(); err != nil {
			return err
		}
	}
	if r.file == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	var text []byte
	last := r.last
	for _, l := range lines {
		last = max(last, l.Last)
		for _, e := range l.Events {
			last = max(last, e.Seq)
		}
		l.Last = last
		b, err := encode(l)
		if err != nil {
			return err
		}
		text = append(text, b...)
	}
	if _, err := r.file.Write(text); err != nil {
		if cut := r.file.Truncate(r.size); cut != nil {
			err = errors.Join(err, cut, r.leave())
		}
		return err
	}
	if err := r.file.Sync(); err != nil {
		return errors.Join(err, r.leave())
	}
	r.size, r.last = r.size+int64(len(text)), last
	return nil
}

// stands says whether the file that is written is where others look for it: its
// directory may have been moved or removed meanwhile.
func (r *Record) stands() bool {
	if r.file == nil {
		return false
	}
	written, err := r.file.Stat()
	if err != nil {
		return false
	}
	found, err := os.Stat(r.file.Name())
	return err == nil && os.SameFile(written, found)
}

// begin makes a file of this process's own, with its head, in the directory that
// holds the record.
func (r *Record) begin() error {
	n, err := readName(r.dir)
	if err != nil {
		return err
	}
	if n.ID != r.id {
		return fmt.Errorf("%s holds the record %s now, not %s", r.dir, n.ID, r.id)
	}
	head, err := encode(line{Format: format, Record: r.id, Last: r.last})
	if err != nil {
		return err
	}
	path := filepath.Join(r.dir, r.name())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(head)
	if err == nil {
		err = errors.Join(f.Sync(), durable.Dir(r.dir))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("begin a file: %w", err), f.Close(), os.Remove(path))
	}
	r.file, r.size = f, int64(len(head))
	return nil
}

func (r *Record) leave() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}
