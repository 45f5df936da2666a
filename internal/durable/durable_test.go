package durable

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/iotest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() }) // some tests have closed it
	return f
}

// random gives bytes that differ wherever one looks.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return b
}

func TestWriter(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, ahead*chunk + 7, 2*part + 3} {
		content := random(size)
		for name, feed := range map[string]func(*Writer) error{
			"pieces": func(w *Writer) error {
				for left := content; len(left) > 0; {
					n := min(len(left), rand.IntN(3*chunk))
					if _, err := w.Write(left[:n]); err != nil {
						return err
					}
					left = left[n:]
				}
				return nil
			},
			"a reader": func(w *Writer) error {
				n, err := io.Copy(w, iotest.DataErrReader(bytes.NewReader(content)))
				if err == nil && n != int64(size) {
					err = errors.New("it counts otherwise")
				}
				return err
			},
		} {
			f := newFile(t)
			w := NewWriter(f)
			must(t, feed(w))
			must(t, w.Close())
			got, err := os.ReadFile(f.Name())
			must(t, err)
			if !bytes.Equal(got, content) {
				t.Errorf("%d bytes from %s differ", size, name)
			}
		}
	}
}

// What cannot be written is told, at the end at the latest, and keeps nobody waiting.
func TestWriterFails(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer func() { must(t, full.Close()) }()
	closed := newFile(t)
	must(t, closed.Close())
	for _, c := range []struct {
		file *os.File
		size int
		want error
	}{{full, 1, syscall.ENOSPC}, {full, 20 * chunk, syscall.ENOSPC}, {closed, 1, os.ErrClosed}, {closed, 0, os.ErrClosed}} {
		w := NewWriter(c.file)
		_, err := w.Write(random(c.size))
		if c.size > ahead*chunk && !errors.Is(err, c.want) {
			t.Errorf("%d bytes: %v, want %v", c.size, err, c.want)
		}
		if err := w.Close(); !errors.Is(err, c.want) {
			t.Errorf("%d bytes, closed: %v, want %v", c.size, err, c.want)
		}
	}

	broken := errors.New("broken")
	w := NewWriter(newFile(t))
	if _, err := w.ReadFrom(io.MultiReader(bytes.NewReader(random(chunk+1)), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	must(t, w.Close())
}

func TestDir(t *testing.T) {
	t.Parallel()
	must(t, Dir(t.TempDir()))
	if err := Dir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
