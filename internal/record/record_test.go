package record

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cocarde.example/internal/fault"
)

var issuer = Owner{Origin: "https://cocarde.example", Prove: func(id string) []byte { return []byte("proof of " + id) }}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func opened(t *testing.T, dir string) *Record {
	t.Helper()
	r, err := Open(dir, issuer, "test", time.Now)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

func created(t *testing.T) (string, *Record) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "published")
	must(t, Create(dir, issuer, 0))
	return dir, opened(t, dir)
}

// events makes those with numbers from to upTo; each is another act.
func events(from, upTo int64) (all []Event) {
	for n := from; n <= upTo; n++ {
		all = append(all, Event{Seq: n, ID: n, Kind: "issued", At: n, JTI: fmt.Sprint(n), List: 1, Index: n})
	}
	return all
}

// files are those that stand, oldest first.
func (r *Record) standing(t *testing.T) []string {
	t.Helper()
	files, err := r.files()
	must(t, err)
	return files
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	if last, err := r.Last(0); last != 0 || err != nil {
		t.Fatalf("an empty record ends at %d, %v", last, err)
	}
	must(t, r.Reserve(0, 2, []int64{5, 70, 1 << 19}))
	want := events(1, 2500)
	want[7].Key = &Key{State: "active", CreatedAt: 1, NotBefore: 2, Public: []byte("{}"), Sealed: []byte{1}}
	must(t, r.Number(want))
	must(t, r.Reserve(0, 2, []int64{6}))
	other := opened(t, dir)
	must(t, other.Number(events(2501, 2502)))

	late := opened(t, dir)
	got, err := late.Read(0)
	must(t, err)
	if len(got.Events) != 2502 || got.Events[7].Key.State != "active" || !slices.Equal(slices.Collect(got.Reserved[2].All), []int64{5, 6, 70, 1 << 19}) {
		t.Fatalf("%d events, reserved %v", len(got.Events), got.Reserved)
	}
	if last, err := late.Last(0); last != 2502 || err != nil {
		t.Errorf("it ends at %d, %v", last, err)
	}
	if got, err = late.Read(2501); err != nil || len(got.Events) != 1 || got.Events[0].Seq != 2502 {
		t.Errorf("beyond 2501: %v, %v", got.Events, err)
	}
	if len(late.standing(t)) != 2 {
		t.Errorf("who only reads has begun a file: %q", late.standing(t))
	}
}

// Former versions wrote VRF outputs too: they are passed over.
func TestFormerLines(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	must(t, r.Number(events(1, 1)))
	f, err := os.OpenFile(r.standing(t)[0], os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	text := `{"last":2,"events":[{"seq":2,"id":2,"kind":"issued","at":2,"jti":"2","list":1,"idx":2,"account":"dnJm","agency":"dnJm"}]}`
	_, err = fmt.Fprintf(f, "%08x %s\n", crc32.Checksum([]byte(text), castagnoli), text)
	must(t, errors.Join(err, f.Close()))
	got, err := opened(t, dir).Read(0)
	must(t, err)
	if want := events(1, 2); !slices.EqualFunc(got.Events, want, func(a, b Event) bool { return a.JTI == b.JTI && a.Index == b.Index }) {
		t.Errorf("got %+v, want %+v", got.Events, want)
	}
}

// What is recorded where nobody looks for it is lost with the database.
func TestMovedAway(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	must(t, r.Number(events(1, 1)))
	away := dir + "-away"
	must(t, os.Rename(dir, away))
	refused := func() {
		t.Helper()
		if err := r.Number(events(2, 2)); fault.Code(err) != "record_unwritable" {
			t.Errorf("recorded where nobody looks: %v", err)
		}
	}
	refused()
	must(t, os.Mkdir(dir, 0o700))
	refused()
	must(t, Create(dir, issuer, 0)) // another record
	refused()
	must(t, os.RemoveAll(dir))
	must(t, os.CopyFS(dir, os.DirFS(away)))
	must(t, r.Number(events(2, 2)))
	got, err := opened(t, dir).Read(0)
	must(t, err)
	if len(got.Events) != 2 || len(r.standing(t)) != 2 {
		t.Errorf("%d events in %d files", len(got.Events), len(r.standing(t)))
	}
}

// A numbering that failed after it was recorded is recorded again, with others
// before it.
func TestTheHighestNumberWins(t *testing.T) {
	t.Parallel()
	_, r := created(t)
	a, b := events(1, 1)[0], events(2, 2)[0]
	a.Seq = 1
	must(t, r.Number([]Event{a}))
	b.Seq, a.Seq = 1, 2
	must(t, r.Number([]Event{b, a}))
	got, err := r.Read(0)
	must(t, err)
	if len(got.Events) != 2 || got.Events[0].JTI != b.JTI || got.Events[1].JTI != a.JTI {
		t.Errorf("%+v", got.Events)
	}
}

func TestWhoseItIs(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	must(t, r.Number(events(1, 1)))
	_, err := Open(t.TempDir(), issuer, "test", time.Now)
	wantCode(t, err, "record_missing")
	_, err = Open(dir, Owner{"https://other.example", issuer.Prove}, "test", time.Now)
	wantCode(t, err, "record_other")
	_, err = Open(dir, Owner{issuer.Origin, func(string) []byte { return []byte("of other keys") }}, "test", time.Now)
	wantCode(t, err, "record_other")

	name := filepath.Join(dir, nameFile)
	text, err := os.ReadFile(name)
	must(t, err)
	for content, code := range map[string]string{
		"": "record_damaged", `{"format":1,"id":"X","after":-1}`: "record_damaged", "{}": "record_damaged", "\x00\x00": "record_damaged",
		strings.Replace(string(text), `"format":1`, `"format":2`, 1): "record_newer",
	} {
		must(t, os.WriteFile(name, []byte(content), 0o600))
		_, err = Open(dir, issuer, "test", time.Now)
		wantCode(t, err, code)
	}
	must(t, os.WriteFile(name, text, 0o600))
	must(t, Create(dir, issuer, 0)) // leaves the one that stands
	if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, text) {
		t.Errorf("it was begun anew: %s, %v", now, err)
	}

	must(t, SetAside(dir, time.Now()))
	_, err = Open(dir, issuer, "test", time.Now)
	wantCode(t, err, "record_missing")
	must(t, Create(dir, issuer, 0))
	fresh := opened(t, dir)
	if got, err := fresh.Read(0); err != nil || len(got.Events) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCreatedAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	ids := make([]string, 8)
	for n := range ids {
		all.Go(func() {
			if err := Create(dir, issuer, 0); err != nil {
				t.Error(err)
				return
			}
			r, err := Open(dir, issuer, "test", time.Now)
			if err != nil {
				t.Error(err)
				return
			}
			ids[n] = r.ID()
			if err := errors.Join(r.Reserve(0, 1, []int64{int64(n)}), r.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("several records were begun: %q", ids)
	}
	got, err := opened(t, dir).Read(0)
	must(t, err)
	if n := len(slices.Collect(got.Reserved[1].All)); n != 8 {
		t.Errorf("%d of 8 writers are read", n)
	}
}

// Cut anywhere, a file gives what was whole; only the last line may be torn.
func TestTorn(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	for n := int64(1); n <= 3; n++ {
		must(t, r.Number(events(n, n)))
	}
	path := r.standing(t)[0]
	whole, err := os.ReadFile(path)
	must(t, err)
	late := opened(t, dir)
	for size := range len(whole) + 1 {
		must(t, os.WriteFile(path, whole[:size], 0o600))
		got, err := late.Read(0)
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		last, err := late.Last(0)
		if err != nil || last != int64(len(got.Events)) {
			t.Fatalf("cut at %d: it ends at %d, %v, and has %d events", size, last, err, len(got.Events))
		}
		if lines := max(bytes.Count(whole[:size], []byte("\n"))-1, 0); len(got.Events) != lines {
			t.Fatalf("cut at %d: %d events of %d lines", size, len(got.Events), lines)
		}
		var torn []string
		if size > 0 && whole[size-1] != '\n' {
			torn = []string{filepath.Base(path)}
		}
		if !slices.Equal(got.Torn, torn) {
			t.Fatalf("cut at %d: %q are told to be torn", size, got.Torn)
		}
	}
	end := bytes.LastIndexByte(whole[:len(whole)-1], '\n')
	hole := slices.Clone(whole)
	clear(hole[end+10 : end+40]) // a page that did not reach the disk
	must(t, os.WriteFile(path, hole, 0o600))
	if got, err := late.Read(0); err != nil || len(got.Events) != 2 || len(got.Torn) != 1 {
		t.Errorf("with a hole: %v, %v", got, err)
	}
	if last, err := late.Last(0); err != nil || last != 2 {
		t.Errorf("with a hole it ends at %d, %v", last, err)
	}
}

// Whatever byte is altered is found.
func TestDamaged(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	must(t, r.Reserve(0, 1, []int64{1}))
	must(t, r.Number(events(1, 2)))
	path := r.standing(t)[0]
	whole, err := os.ReadFile(path)
	must(t, err)
	late := opened(t, dir)
	for n := range len(whole) - 1 { // without the last end of line: that is torn
		altered := slices.Clone(whole)
		altered[n] ^= 1
		must(t, os.WriteFile(path, altered, 0o600))
		if _, err := late.Read(0); fault.Code(err) != "record_damaged" {
			t.Fatalf("byte %d altered from %q: %v", n, whole[n], err)
		}
	}
	must(t, os.WriteFile(path, whole, 0o600))
	other := opened(t, dir)
	must(t, other.Number(events(3, 4)))
	must(t, os.Remove(path))
	_, err = late.Read(0)
	wantCode(t, err, "record_damaged") // nobody tells of events 1 and 2
	got, err := late.Read(2)
	if err != nil || len(got.Events) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

// A line that is far longer than what is read of a file's end at first.
func TestLastOfLongLines(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	must(t, r.Number(events(1, perLine)))
	if last, err := opened(t, dir).Last(0); err != nil || last != perLine {
		t.Errorf("it ends at %d, %v", last, err)
	}
}

// What cannot be written is an error, and the record goes on once it can.
func TestUnwritable(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	must(t, r.Number(events(1, 1)))
	must(t, r.file.Close()) // as a disk that went away
	err := r.Number(events(2, 2))
	wantCode(t, err, "record_unwritable")
	must(t, r.Number(events(2, 2)))
	got, err := r.Read(0)
	if err != nil || len(got.Events) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	must(t, os.Rename(dir, dir+".away"))
	must(t, r.leave())
	wantCode(t, r.Number(events(3, 3)), "record_unwritable")
	must(t, os.Rename(dir+".away", dir))
	must(t, r.Number(events(3, 3)))
}

// Nothing that stands in a file makes the reader fail otherwise than with an error.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	if err := Create(dir, issuer, 0); err != nil {
		f.Fatal(err)
	}
	r, err := Open(dir, issuer, "test", time.Now)
	if err != nil {
		f.Fatal(err)
	}
	head, _ := encode(line{Format: format, Record: r.id})
	body, _ := encode(line{Last: 2, Events: events(1, 2), List: 1, Reserved: []int64{-1, 3, 1 << 60}})
	f.Add(slices.Concat(head, body))
	f.Add(head)
	f.Add(slices.Concat(head, body, []byte("\x00\n")))
	f.Fuzz(func(t *testing.T, content []byte) {
		c := collector{events: map[identity]Event{}, reserved: map[int64]*Indices{}}
		_, err := r.readLines(bytes.NewReader(content), c.add)
		if l, found, tail := lastLine(content, true); err == nil && found && tail != nil {
			t.Errorf("the whole is read, the end %v is not: %v", l, tail)
		}
		if ordered, err := c.inOrder(); err == nil && len(ordered) != len(c.events) {
			t.Errorf("%d events of %d", len(ordered), len(c.events))
		}
	})
}
