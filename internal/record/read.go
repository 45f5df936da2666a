package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cocarde.example/internal/fault"
)

// Reading is what a record tells beyond a number.
type Reading struct {
	Events   []Event // in the order of their numbers
	Reserved map[int64]*Indices
	// Torn names the files whose last line is incomplete: it was being written when its
	// server was killed, and then tells of nothing that came to be; or it was cut later.
	Torn []string
}

// Read reads the whole record, and gives the events with numbers above after, which
// is the last one of the database. What was torn when its writer ended is left out;
// damage is an error, and so are numbers above it that no file tells of, and an end
// before it. What stands before it is not needed, and its files may be gone.
func (r *Record) Read(after int64) (Reading, error) {
	if after < r.after {
		return Reading{}, errYounger.Because(fmt.Errorf("it begins after event %d, the database or backup ends with %d", r.after, after))
	}
	files, err := r.files()
	if err != nil {
		return Reading{}, err
	}
	c := collector{after: after, last: r.after, events: map[identity]Event{}, reserved: map[int64]*Indices{}}
	for _, f := range files {
		wasTorn, err := r.readFile(f, c.add)
		if err != nil {
			return Reading{}, err
		}
		if wasTorn {
			c.torn = append(c.torn, filepath.Base(f))
		}
	}
	if err := reaches(c.last, after); err != nil {
		return Reading{}, err
	}
	events, err := c.inOrder()
	return Reading{events, c.reserved, c.torn}, err
}

// files lists those of the record, by the time that they were begun.
func (r *Record) files() ([]string, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, unread(err)
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			files = append(files, filepath.Join(r.dir, e.Name()))
		}
	}
	return files, nil
}

func (r *Record) readFile(path string, add func(line)) (wasTorn bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, unread(err)
	}
	defer f.Close()
	if wasTorn, err = r.readLines(f, add); err != nil {
		return false, naming(path, err)
	}
	return wasTorn, nil
}

func naming(path string, err error) error {
	if _, ok := fault.Of(err); ok {
		return err
	}
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return unread(err)
	}
	return errDamaged.Because(fmt.Errorf("%s: %w", filepath.Base(path), err))
}

// readLines reads one file. Only its last line may be torn.
func (r *Record) readLines(file io.Reader, add func(line)) (wasTorn bool, err error) {
	in := bufio.NewReaderSize(file, 1<<16)
	for n := 1; ; n++ {
		piece, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		ended := err == nil
		if !ended && len(piece) == 0 {
			return false, nil
		}
		l, err := decode(bytes.TrimSuffix(piece, []byte("\n")))
		if err != nil || !ended {
			if _, more := in.Peek(1); errors.Is(more, io.EOF) && torn(piece, ended) {
				return true, nil
			}
			return false, fmt.Errorf("line %d: %w", n, err)
		}
		switch {
		case n == 1 && l.Format > format:
			return false, errNewer
		case n == 1 && l.Record != r.id:
			return false, fmt.Errorf("it belongs to the record %q", l.Record)
		}
		add(l)
	}
}

// identity tells one event from another: a numbering that failed after it was
// recorded is recorded again, with numbers as high or higher.
type identity struct {
	id       int64
	at       int64
	kind     string
	jti, kid string
}

type collector struct {
	after    int64
	last     int64 // highest number that is told to be recorded
	events   map[identity]Event
	reserved map[int64]*Indices
	torn     []string
}

func (c *collector) add(l line) {
	c.last = max(c.last, l.Last)
	for _, e := range l.Events {
		c.last = max(c.last, e.Seq)
		known := identity{e.ID, e.At, e.Kind, e.JTI, e.KID}
		if e.Seq > c.after && e.Seq > c.events[known].Seq {
			c.events[known] = e
		}
	}
	if len(l.Reserved) > 0 {
		of := c.reserved[l.List]
		if of == nil {
			of = &Indices{}
			c.reserved[l.List] = of
		}
		for _, i := range l.Reserved {
			of.Add(i)
		}
	}
}

// inOrder gives the events, whose numbers have no gaps unless a file is missing.
func (c *collector) inOrder() ([]Event, error) {
	events := make([]Event, 0, len(c.events))
	for _, e := range c.events {
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b Event) int { return int(a.Seq - b.Seq) })
	want := c.after + 1
	for _, e := range events {
		if e.Seq != want {
			break
		}
		want++
	}
	if want <= c.last {
		return nil, errDamaged.Because(fmt.Errorf("no file tells of event %d", want))
	}
	return events, nil
}

// Indices is a set of indices of one list.
type Indices struct{ words []uint64 }

// maxIndex is far beyond any list, and keeps a damaged number from taking all memory.
const maxIndex = 1 << 24

// Add adds an index.
func (s *Indices) Add(i int64) {
	if i < 0 || i > maxIndex {
		return
	}
	for int(i/64) >= len(s.words) {
		s.words = append(s.words, make([]uint64, len(s.words)+1)...)
	}
	s.words[i/64] |= 1 << (i % 64)
}

// Has says whether an index is in the set.
func (s *Indices) Has(i int64) bool {
	return i >= 0 && int(i/64) < len(s.words) && s.words[i/64]&(1<<(i%64)) != 0
}

// All gives the indices in their order.
func (s *Indices) All(yield func(int64) bool) {
	for n, w := range s.words {
		for b := range int64(64) {
			if w&(1<<b) != 0 && !yield(int64(n)*64+b) {
				return
			}
		}
	}
}
