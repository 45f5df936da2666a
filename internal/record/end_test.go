package record

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A record must tell of everything between where it begins, or the database ends, and
// the highest number that any of its files knows of.
func TestWhereItEnds(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "published")
	must(t, Create(dir, issuer, 10))
	r := opened(t, dir)
	wants := func(seq, last int64, code string) {
		t.Helper()
		got, err := opened(t, dir).Last(seq)
		if code == "" {
			must(t, err)
		} else {
			wantCode(t, err, code)
		}
		if got != last {
			t.Errorf("it ends at %d, want %d", got, last)
		}
	}
	reads := func(seq int64, events int, code string) {
		t.Helper()
		got, err := opened(t, dir).Read(seq)
		if code != "" {
			wantCode(t, err, code)
			return
		}
		must(t, err)
		if len(got.Events) != events {
			t.Errorf("it tells of %d events after %d, want %d", len(got.Events), seq, events)
		}
	}

	wants(10, 10, "") // nothing was published since it was begun
	reads(10, 0, "")
	wants(11, 10, "record_damaged")
	reads(11, 0, "record_damaged")
	wants(9, 10, "")
	reads(9, 0, "record_younger")

	must(t, r.Number(events(11, 20)))
	wants(20, 20, "")
	wants(21, 20, "record_damaged")
	reads(10, 10, "")
	reads(21, 0, "record_damaged")

	// Another process reserves, and knows what is numbered: the loss of all that the
	// first wrote is found.
	other := opened(t, dir)
	must(t, other.Reserve(20, 1, []int64{5}))
	must(t, os.Remove(r.file.Name()))
	wants(20, 20, "")
	reads(19, 0, "record_damaged")
	reads(20, 0, "") // nothing from before is needed
	must(t, other.Number(events(21, 21)))
	reads(20, 1, "")
	reads(12, 0, "record_damaged")
}

// A record.json of a former version does not say where it begins.
func TestFormerName(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	path := filepath.Join(dir, nameFile)
	text, err := os.ReadFile(path)
	must(t, err)
	former := bytes.Replace(text, []byte(`,"after":0`), nil, 1)
	if bytes.Equal(former, text) {
		t.Fatalf("%s is no name as it is now", text)
	}
	must(t, os.WriteFile(path, former, 0o600))
	must(t, r.Number(events(51, 60))) // it was begun at 50
	late := opened(t, dir)
	if last, err := late.Last(60); last != 60 || err != nil {
		t.Errorf("it ends at %d, %v", last, err)
	}
	if got, err := late.Read(50); err != nil || len(got.Events) != 10 {
		t.Errorf("%v, %v", got.Events, err)
	}
	_, err = late.Read(49)
	wantCode(t, err, "record_damaged")
	_, err = late.Last(61)
	wantCode(t, err, "record_damaged")
}

// What may not be read is no damage.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir, r := created(t)
	must(t, r.Number(events(1, 1)))
	for _, file := range []string{r.standing(t)[0], filepath.Join(dir, nameFile), dir} {
		must(t, os.Rename(file, dir+".aside"))
		if file == dir {
			must(t, os.WriteFile(file, nil, 0o600))
		} else {
			must(t, os.Mkdir(file, 0o700)) // may be read as a file by nobody, not by root either
		}
		unreadable(t, dir)
		if file == dir {
			wantCode(t, SetAside(dir, time.Now()), "record_unreadable")
			_, err := Exists(dir)
			wantCode(t, err, "record_unreadable")
		}
		must(t, os.Remove(file))
		must(t, os.Rename(dir+".aside", file))
	}
	if os.Geteuid() != 0 {
		for _, file := range []string{r.standing(t)[0], filepath.Join(dir, nameFile), dir} {
			info, err := os.Stat(file)
			must(t, err)
			must(t, os.Chmod(file, 0))
			unreadable(t, dir)
			must(t, os.Chmod(file, info.Mode()))
		}
	}
	if got, err := opened(t, dir).Read(0); err != nil || len(got.Events) != 1 {
		t.Errorf("mended: %v, %v", got.Events, err)
	}
}

func unreadable(t *testing.T, dir string) {
	t.Helper()
	r, err := Open(dir, issuer, "test", time.Now)
	if err == nil {
		_, err = r.Read(0)
		wantCode(t, err, "record_unreadable")
		_, err = r.Last(0)
	}
	wantCode(t, err, "record_unreadable")
}
