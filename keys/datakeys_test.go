package keys

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"maps"
	"testing"
)

func TestDataKeysSurviveTheDatabase(t *testing.T) {
	t.Parallel()
	wrapped, made := NewDataKeys(fixedSecret())
	opened, err := OpenDataKeys(fixedSecret(), wrapped)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for name, pair := range map[string][2]DataKey{
		"lookup": {made.Lookup, opened.Lookup}, "codes": {made.Codes, opened.Codes},
		"log": {made.Log, opened.Log}, "vrf": {made.VRF, opened.VRF},
	} {
		if !bytes.Equal(pair[0].Bytes(), pair[1].Bytes()) || len(pair[0].Bytes()) != keySize {
			t.Errorf("%s: opened as another key", name)
		}
		if other, ok := seen[string(pair[0].Bytes())]; ok {
			t.Errorf("%s and %s are one key", name, other)
		}
		seen[string(pair[0].Bytes())] = name
	}
	plain, err := opened.Sealing.Open("p", made.Sealing.Seal("p", []byte("text")))
	if err != nil || string(plain) != "text" {
		t.Errorf("sealing: %q, %v", plain, err)
	}
}

func TestOpenDataKeysRefuses(t *testing.T) {
	t.Parallel()
	wrapped, _ := NewDataKeys(fixedSecret())
	change := func(f func(map[string][]byte)) map[string][]byte {
		c := maps.Clone(wrapped)
		f(c)
		return c
	}
	for name, c := range map[string]struct {
		secret  Secret
		wrapped map[string][]byte
		sealed  bool
	}{
		"another secret": {newSecret(make([]byte, keySize)), wrapped, true},
		"swapped names":  {fixedSecret(), change(func(m map[string][]byte) { m["log"], m["vrf"] = m["vrf"], m["log"] }), true},
		"missing":        {fixedSecret(), change(func(m map[string][]byte) { delete(m, "codes") }), false},
		"unknown":        {fixedSecret(), change(func(m map[string][]byte) { m["later"] = m["codes"] }), false},
		"short":          {fixedSecret(), change(func(m map[string][]byte) { m["log"] = fixedSecret().Wrap("log", []byte("x")) }), false},
	} {
		_, err := OpenDataKeys(c.secret, c.wrapped)
		if err == nil || errors.Is(err, ErrUnsealable) != c.sealed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSealer(t *testing.T) {
	t.Parallel()
	s := newSealer(bytes.Repeat([]byte{2}, keySize))
	sealed := s.Seal("outbox 1", []byte("body"))
	if len(sealed) != len("body")+41 {
		t.Errorf("%d bytes for 4", len(sealed))
	}
	if bytes.Equal(sealed, s.Seal("outbox 1", []byte("body"))) {
		t.Error("two seals are alike")
	}
	if plain, err := s.Open("outbox 1", sealed); err != nil || string(plain) != "body" {
		t.Fatalf("%q, %v", plain, err)
	}
	if plain, err := s.Open("p", s.Seal("p", nil)); err != nil || len(plain) != 0 {
		t.Errorf("empty: %q, %v", plain, err)
	}
	if _, err := s.Open("outbox 2", sealed); !errors.Is(err, ErrUnsealable) {
		t.Errorf("another purpose: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := s.Open("outbox 1", bad); !errors.Is(err, ErrUnsealable) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := s.Open("outbox 1", sealed[:i]); !errors.Is(err, ErrUnsealable) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

func TestMAC(t *testing.T) {
	t.Parallel()
	key := DataKey{key: bytes.Repeat([]byte{3}, keySize)}
	first := key.MAC("code", []byte("ab"), []byte("c"))
	// What rests in databases: it must never change.
	if got, want := hex.EncodeToString(first[:8]), "5dfd259353030bb9"; got != want {
		t.Errorf("MAC begins %s, want %s", got, want)
	}
	if !hmac.Equal(first, MAC(key.Bytes(), "code", []byte("ab"), []byte("c"))) {
		t.Error("the same input gave another MAC")
	}
	for name, other := range map[string][]byte{
		"shifted parts":   key.MAC("code", []byte("a"), []byte("bc")),
		"joined parts":    key.MAC("code", []byte("abc")),
		"an empty part":   key.MAC("code", []byte("ab"), []byte("c"), nil),
		"another purpose": key.MAC("mailbox", []byte("ab"), []byte("c")),
		"purpose as part": key.MAC("", []byte("code"), []byte("ab"), []byte("c")),
		"another key":     MAC(make([]byte, keySize), "code", []byte("ab"), []byte("c")),
		"cut":             first[:31],
	} {
		if hmac.Equal(first, other) {
			t.Errorf("%s: the same MAC", name)
		}
	}
}
