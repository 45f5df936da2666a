package durable

import (
	"errors"
	"io"
	"os"
)

// Sizes in bytes.
const (
	chunk = 1 << 20  // what is written at once
	part  = 64 << 20 // what is written before the disk is asked to take it
)

// ahead is how many chunks may wait to be written.
const ahead = 4

// Writer writes a large file. Whoever makes its content goes on with that while one
// goroutine writes and another has the disk take what is written: together they take
// about as long as the slowest of the three. It is not safe for concurrent use.
type Writer struct {
	file  *os.File
	chunk []byte        // that is being filled; nil before it is needed
	free  chan []byte   // to be filled
	full  chan []byte   // to be written
	ended chan struct{} // closed once nothing is written any more
	err   error         // why; to be read then
}

// NewWriter writes to a file from where it stands. Close must follow.
func NewWriter(f *os.File) *Writer {
	w := &Writer{file: f, free: make(chan []byte, ahead), full: make(chan []byte, ahead), ended: make(chan struct{})}
	for range ahead {
		w.free <- make([]byte, 0, chunk)
	}
	go w.run()
	return w
}

// Write takes over what it is given. An error may be that of something earlier.
func (w *Writer) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if err := w.room(); err != nil {
			return n, err
		}
		some := copy(w.chunk[len(w.chunk):cap(w.chunk)], p[n:])
		w.fill(some)
		n += some
	}
	return n, nil
}

// ReadFrom implements io.ReaderFrom.
func (w *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		if err := w.room(); err != nil {
			return n, err
		}
		some, err := r.Read(w.chunk[len(w.chunk):cap(w.chunk)])
		w.fill(some)
		n += int64(some)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// Close writes what is left. All that was written is on the disk if it returns nil;
// the file stays open, and its name is for Dir.
func (w *Writer) Close() error {
	if w.chunk != nil {
		w.full <- w.chunk
	}
	close(w.full)
	<-w.ended
	return w.err
}

// room sees that there is a chunk with room in it.
func (w *Writer) room() error {
	if w.chunk != nil {
		return nil
	}
	select {
	case w.chunk = <-w.free:
		return nil
	case <-w.ended:
		return w.err
	}
}

// fill counts what was put into the chunk, and hands over a full one.
func (w *Writer) fill(n int) {
	if w.chunk = w.chunk[:len(w.chunk)+n]; len(w.chunk) == cap(w.chunk) {
		w.full <- w.chunk // there is room for all that there are
		w.chunk = nil
	}
}

func (w *Writer) run() {
	defer close(w.ended)
	due, synced := make(chan struct{}, 1), make(chan error)
	go func() { synced <- w.sync(due) }()
	err := w.write(due)
	close(due)
	w.err = errors.Join(err, <-synced)
}

// write writes every chunk, and says after each part that there is something to sync.
func (w *Writer) write(due chan<- struct{}) error {
	written := 0
	for c := range w.full {
		if _, err := w.file.Write(c); err != nil {
			return err
		}
		if written += len(c); written >= part {
			select {
			case due <- struct{}{}:
				written = 0
			default: // the disk is not done with what was before
			}
		}
		w.free <- c[:0]
	}
	return nil
}

// sync syncs whenever it is due, and at the end. An error is told once (fsync(2)):
// none may be passed over.
func (w *Writer) sync(due <-chan struct{}) error {
	for range due {
		if err := w.file.Sync(); err != nil {
			return err
		}
	}
	return w.file.Sync()
}
