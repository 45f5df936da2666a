package backup

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"filippo.io/age"
)

// Writer writes a backup. Only what Close has ended is one.
type Writer struct {
	out   io.WriteCloser
	frame []byte // data that is not written yet, after its head
}

// NewWriter begins a backup that each of the recipients can open.
func NewWriter(w io.Writer, recipients []age.Recipient, h Header) (*Writer, error) {
	out, err := age.Encrypt(w, recipients...)
	if err != nil {
		return nil, err
	}
	b := &Writer{out: out, frame: make([]byte, headSize, headSize+part)}
	h.Format = format
	return b, b.json(frameHeader, h)
}

// Begin begins a section.
func (w *Writer) Begin(s Section) error { return w.json(frameSection, s) }

// Write adds to the section's data.
func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		room := min(len(p), cap(w.frame)-len(w.frame))
		w.frame = append(w.frame, p[:room]...)
		p, n = p[room:], n+room
		if len(w.frame) == cap(w.frame) {
			if err := w.flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// Close ends the backup; it does not close what is written to.
func (w *Writer) Close() error {
	return errors.Join(w.send(frameEnd, nil), w.out.Close())
}

const headSize = 5

func (w *Writer) json(kind byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.send(kind, text)
}

func (w *Writer) send(kind byte, body []byte) error {
	if err := w.flush(); err != nil {
		return err
	}
	_, err := w.out.Write(append(head(kind, len(body)), body...))
	return err
}

func head(kind byte, size int) []byte {
	return binary.BigEndian.AppendUint32([]byte{kind}, uint32(size))
}

func (w *Writer) flush() error {
	if len(w.frame) == headSize {
		return nil
	}
	copy(w.frame, head(frameData, len(w.frame)-headSize))
	_, err := w.out.Write(w.frame)
	w.frame = w.frame[:headSize]
	return err
}
