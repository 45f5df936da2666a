package backup

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"cocarde.example/internal/fault"
)

// Reader reads a backup. Its Read gives the data of the section that Next found.
type Reader struct {
	Header Header
	in     *bufio.Reader
	left   int   // of the data's frame
	kind   byte  // of the frame that comes next, 0 before it is read
	size   int   // of that frame
	failed error // the first error, given again
}

// NewReader begins to read a backup.
func NewReader(r io.Reader, identities []age.Identity) (*Reader, error) {
	plain, err := age.Decrypt(r, identities...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, errIdentity.Because(err)
	}
	b := &Reader{in: bufio.NewReaderSize(plain, 1<<16)}
	if err != nil {
		return nil, b.fail(err)
	}
	if err := b.json(frameHeader, &b.Header); err != nil {
		return nil, b.fail(err)
	}
	switch {
	case b.Header.Format > format:
		return nil, ErrNewer
	case b.Header.Format < 1:
		return nil, ErrDamaged
	}
	return b, nil
}

// Next begins the next section; io.EOF says that the backup has ended and is whole.
func (b *Reader) Next() (s Section, err error) {
	if _, err := io.Copy(io.Discard, b); err != nil { // what is left of the former
		return Section{}, err
	}
	if b.kind == frameEnd {
		return Section{}, b.end()
	}
	if err := b.json(frameSection, &s); err != nil {
		return Section{}, b.fail(err)
	}
	return s, nil
}

// Check reads on to the end, and says whether the backup is whole.
func (b *Reader) Check() error {
	for {
		if _, err := b.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Read implements io.Reader; io.EOF is the end of the section.
func (b *Reader) Read(p []byte) (int, error) {
	for b.left == 0 {
		if err := b.peek(); err != nil {
			return 0, b.fail(err)
		}
		if b.kind != frameData {
			return 0, io.EOF
		}
		b.left, b.kind = b.size, 0
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	if err != nil {
		return n, b.fail(err)
	}
	return n, nil
}

// peek reads the head of the next frame.
func (b *Reader) peek() error {
	if b.failed != nil || b.kind != 0 {
		return b.failed
	}
	var h [headSize]byte
	if _, err := io.ReadFull(b.in, h[:]); err != nil {
		return err
	}
	b.kind, b.size = h[0], int(binary.BigEndian.Uint32(h[1:]))
	if b.size > part {
		return errors.New("a frame is too long")
	}
	return nil
}

func (b *Reader) json(kind byte, into any) error {
	if err := b.peek(); err != nil {
		return err
	}
	if b.kind != kind {
		return fmt.Errorf("a frame %q stands where %q should", b.kind, kind)
	}
	text := make([]byte, b.size)
	if _, err := io.ReadFull(b.in, text); err != nil {
		return err
	}
	b.kind = 0
	return json.Unmarshal(text, into)
}

// end wants nothing after the last frame: age then has checked all of the file.
func (b *Reader) end() error {
	switch _, err := b.in.ReadByte(); {
	case b.size > 0 || err == nil:
		return b.fail(errors.New("something stands after the end"))
	case !errors.Is(err, io.EOF):
		return b.fail(err)
	}
	return io.EOF
}

func (b *Reader) fail(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if _, told := fault.Of(err); !told {
		err = ErrDamaged.Because(err)
	}
	b.failed = err
	return err
}
