package backup

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"filippo.io/age"

	"cocarde.example/internal/fault"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func identity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	must(t, err)
	return id
}

// content is what the backups of these tests hold.
var content = map[string][]byte{"empty": nil, "short": []byte("short"), "long": bytes.Repeat([]byte("0123456789abcdef"), part/7)}

// written gives a backup, and where its frames end in it.
func written(t testing.TB, id *age.X25519Identity, h Header) (whole []byte, ends []int) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, []age.Recipient{id.Recipient()}, h)
	must(t, err)
	for _, name := range []string{"empty", "short", "long"} {
		must(t, w.Begin(Section{Name: name, Columns: []string{"a", "b"}}))
		_, err := w.Write(content[name])
		must(t, err)
		ends = append(ends, out.Len())
	}
	must(t, w.Close())
	return out.Bytes(), append(ends, out.Len())
}

func read(b io.Reader, identities ...age.Identity) error {
	r, err := NewReader(b, identities)
	if err != nil {
		return err
	}
	for {
		s, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		got, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, content[s.Name]) {
			return errors.New("a section differs")
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	id := identity(t)
	whole, _ := written(t, id, Header{Dialect: "sqlite", Schema: 7, Issuer: "https://cocarde.example", Keys: map[string][]byte{"a": {1}}})
	r, err := NewReader(iotest.OneByteReader(bytes.NewReader(whole)), []age.Identity{identity(t), id})
	must(t, err)
	if h := r.Header; h.Format != 1 || h.Dialect != "sqlite" || h.Schema != 7 || h.Keys["a"][0] != 1 {
		t.Errorf("%+v", h)
	}
	must(t, read(bytes.NewReader(whole), id))
	r, err = NewReader(bytes.NewReader(whole), []age.Identity{id})
	must(t, err)
	must(t, r.Check())
	if bytes.Contains(whole, []byte("cocarde.example")) {
		t.Error("it can be read without the identity")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	id := identity(t)
	whole, ends := written(t, id, Header{})
	refused := func(what string, b []byte, code string) {
		t.Helper()
		if err := read(bytes.NewReader(b), id); fault.Code(err) != code {
			t.Errorf("%s: got %v, want %s", what, err, code)
		}
	}
	cuts := slices.Concat([]int{0, 1, 21, 22, 100, 200, len(whole) - 1}, ends[:len(ends)-1])
	for range 200 {
		cuts = append(cuts, rand.IntN(len(whole)))
	}
	for _, n := range cuts {
		refused("cut short", whole[:n], "backup_damaged")
	}
	for n := range 300 {
		at := n
		if n > 200 {
			at = rand.IntN(len(whole))
		}
		altered := slices.Clone(whole)
		altered[at] ^= 1 << rand.IntN(8)
		if err := read(bytes.NewReader(altered), id); err == nil || fault.Code(err) != "backup_damaged" && fault.Code(err) != "backup_identity" {
			t.Errorf("byte %d altered: %v", at, err)
		}
	}
	refused("longer", append(slices.Clone(whole), 0), "backup_damaged")
	refused("no backup", []byte("PGDMP something else"), "backup_damaged")
	if err := read(bytes.NewReader(whole), identity(t)); fault.Code(err) != "backup_identity" {
		t.Errorf("another identity: %v", err)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, id.Recipient())
	must(t, err)
	_, err = w.Write(append(head(frameHeader, 12), `{"format":2}`...))
	must(t, errors.Join(err, w.Close()))
	refused("newer", out.Bytes(), "backup_newer")
	broken := errors.New("the disk failed")
	if err := read(iotest.TimeoutReader(iotest.ErrReader(broken)), id); fault.Code(err) != "backup_damaged" {
		t.Errorf("got %v", err)
	}
}

// What age has let pass is still not believed.
func FuzzFrames(f *testing.F) {
	good := slices.Concat(head(frameSection, 12), []byte(`{"name":"a"}`), head(frameData, 3), []byte("abc"), head(frameEnd, 0))
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(append(slices.Clone(good), 1))
	f.Add(head(frameData, 1<<31-1))
	f.Fuzz(func(t *testing.T, frames []byte) {
		r := &Reader{in: bufio.NewReader(bytes.NewReader(frames))}
		if err := r.Check(); err != nil && fault.Code(err) != "backup_damaged" {
			t.Errorf("got %v", err)
		}
	})
}
