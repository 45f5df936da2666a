package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAGreenFieldIsNotLookedAtAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	_, marie := newTestInstance(t, InstanceOptions{Now: func() time.Time { return now }})
	page := newLinked(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/b/1" {
			fmt.Fprintf(w, `<link rel="me" href="%s">`, marie.URL())
		}
	})
	badge, other := page.URL+"/b/1", page.URL+"/other"
	save := func(looks int, fields ...Field) []Field {
		t.Helper()
		before := len(page.seen())
		if err := marie.SaveFields(contextFor(t), fields...); err != nil {
			t.Fatal(err)
		}
		if n := len(page.seen()) - before; n != looks {
			t.Errorf("%d looks, want %d", n, looks)
		}
		return marie.Fields()
	}
	forged := time.Unix(1, 0)
	got := save(2, Field{Name: "Badge", Value: badge}, Field{Name: "Other", Value: other, VerifiedAt: forged})
	if !got[0].VerifiedAt.Equal(now) || !got[1].VerifiedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	// The green one keeps its tick under another name and in another place; the
	// other is looked at once more.
	got = save(1, Field{Name: "Other", Value: other}, Field{Name: "Cocarde", Value: " " + badge + " "})
	if !got[0].VerifiedAt.IsZero() || !got[1].VerifiedAt.Equal(now) || got[1].Value != badge {
		t.Errorf("%+v", got)
	}
	if err := marie.SetFields(Field{Name: "Badge", Value: badge}, Field{Name: "New", Value: badge + "?"}); err != nil {
		t.Fatal(err)
	}
	if got = marie.Fields(); got[0].VerifiedAt.IsZero() || !got[1].VerifiedAt.IsZero() || len(page.seen()) != 3 {
		t.Errorf("%+v", got)
	}
	// Taken away and put back, it is looked at anew.
	save(0)
	save(1, Field{Name: "Badge", Value: badge})
}

func TestFieldsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	_, marie := newTestInstance(t, InstanceOptions{})
	if err := marie.SetFields(Field{Name: "Kept", Value: "x"}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("é", 256)
	for name, f := range map[string]Field{
		"no name": {Value: "x"}, "long name": {Name: long}, "long value": {Name: "x", Value: long},
	} {
		err := marie.SaveFields(contextFor(t), Field{}, f)
		var mistake *fieldError
		if !errors.As(err, &mistake) || mistake.row != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if marie.SaveFields(contextFor(t), make([]Field, 5)...) == nil {
		t.Error("five rows are taken")
	}
	if got := marie.Fields(); len(got) != 1 || got[0].Name != "Kept" {
		t.Errorf("%+v", got)
	}
	if err := marie.SaveFields(contextFor(t), Field{}, Field{Name: "Only", Value: strings.Repeat("é", 255)}); err != nil {
		t.Error(err)
	}
	if got := marie.Fields(); len(got) != 1 || got[0].Name != "Only" {
		t.Errorf("blank rows stay: %+v", got)
	}
}
