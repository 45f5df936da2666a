package keys

import (
	"errors"
	"testing"
)

func TestOwnKey(t *testing.T) {
	t.Parallel()
	s, other := newSealer(randomKey()), newSealer(randomKey())
	sealed := s.NewOwnKey()
	own, err := s.Under(sealed)
	if err != nil {
		t.Fatal(err)
	}
	note := own.Seal("note", []byte("a note"))
	again, err := s.Under(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open("note", note); err != nil || string(plain) != "a note" {
		t.Errorf("got %q, %v", plain, err)
	}
	next, err := s.Under(s.NewOwnKey())
	if err != nil {
		t.Fatal(err)
	}
	for name, opener := range map[string]*Sealer{"the sealing key": s, "another own key": next} {
		if _, err := opener.Open("note", note); !errors.Is(err, ErrUnsealable) {
			t.Errorf("%s opens it: %v", name, err)
		}
	}
	if _, err := other.Under(sealed); !errors.Is(err, ErrUnsealable) {
		t.Errorf("another sealing key opens the key: %v", err)
	}
	for _, bad := range [][]byte{nil, {}, sealed[:20], s.Seal("note", randomKey()), s.Seal(ownKeyPurpose, []byte("short"))} {
		if _, err := s.Under(bad); err == nil {
			t.Errorf("%x is taken for a key", bad)
		}
	}
}
