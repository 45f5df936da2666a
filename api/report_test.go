package api

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cocarde.example/verify"
)

// fill gives every field within v a value that is not zero, so that a field that
// verify gains is noticed here.
func fill(t *testing.T, v reflect.Value, text string) {
	t.Helper()
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 10, 0, 0, 123000000, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), text)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), text)
		}
	default:
		t.Fatalf("a report holds a %s", v.Type())
	}
}

func TestReportIsEncodedAsByJSON(t *testing.T) {
	t.Parallel()
	reports := []verify.Report{{}, {Checks: []verify.Check{}}, {Attestation: &verify.Attested{}}}
	for _, text := range []string{"plain", "quote\" \\ \x00\n\t", "Ministère 🏛 \u2028", "\xff", "<&>"} {
		var r verify.Report
		fill(t, reflect.ValueOf(&r).Elem(), text)
		reports = append(reports, r)
	}
	for _, r := range reports {
		if r.Checks == nil {
			r.Checks = []verify.Check{} // a report without checks is none
		}
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got := report(r).appendJSON(nil)
		var a, b any
		if err := json.Unmarshal(got, &a); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		if err := json.Unmarshal(want, &b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(b, a); d != "" {
			t.Error(d)
		}
	}
}
