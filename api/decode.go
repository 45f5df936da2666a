package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"

	"cocarde.example/internal/fault"
)

// decode reads a JSON text into the struct that into points at, more strictly
// than encoding/json: names count upper and lower case; members that are unknown,
// repeated or missing, null, other types, bytes after the end, and strings that
// are no Unicode are refused, with the place as a JSON Pointer.
//
// A member is optional if its field is a pointer. It knows the types of which
// request bodies consist, and nests no deeper than these: as nothing unknown is
// ever skipped, it needs to read no other JSON.
func decode(text []byte, into any) error {
	if !utf8.Valid(text) {
		return malformed("", "The body is not UTF-8.")
	}
	d := decoder{text: text}
	if err := d.value(reflect.ValueOf(into).Elem(), ""); err != nil {
		return err
	}
	if d.next(); d.at < len(text) {
		return malformed("", "The body goes on after the end of its JSON value.")
	}
	return nil
}

var errMissing = fault.New(fault.Invalid, "member_missing", "This member is required. Give it.")

type decoder struct {
	text []byte
	at   int
}

func (d *decoder) value(v reflect.Value, place string) error {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem(), place)
	case reflect.Struct:
		return d.object(v, place)
	case reflect.String:
		if d.next() != '"' {
			return d.notA("a string", place)
		}
		s, err := d.string(place)
		v.SetString(s)
		return err
	case reflect.Bool:
		return d.bool(v, place)
	}
	panic("api: no request body holds a " + v.Type().String())
}

func (d *decoder) object(v reflect.Value, place string) error {
	if !d.take('{') {
		return d.notA("an object", place)
	}
	members := membersOf(v.Type())
	var seen uint64
	for more := !d.take('}'); more; {
		i, err := d.name(members, place)
		if err != nil {
			return err
		}
		at := place + "/" + members[i].name
		if seen&(1<<i) != 0 {
			return fault.New(fault.Invalid, "member_repeated", "This member stands twice. Give it once.").At(at)
		}
		seen |= 1 << i
		if err := d.value(v.Field(i), at); err != nil {
			return err
		}
		if more = d.take(','); !more && !d.take('}') {
			return malformed(place, "A comma or a closing brace is missing here.")
		}
	}
	for i, m := range members {
		if m.required && seen&(1<<i) == 0 {
			return errMissing.At(place + "/" + m.name)
		}
	}
	return nil
}

// name reads a member's name and the colon, and gives its place among the members.
func (d *decoder) name(members []member, place string) (int, error) {
	if d.next() != '"' {
		return 0, malformed(place, "The name of a member is missing here.")
	}
	name, err := d.string(place)
	if err != nil {
		return 0, err
	}
	if !d.take(':') {
		return 0, malformed(place, "A colon is missing after the name of a member.")
	}
	for i, m := range members {
		if m.name == name {
			return i, nil
		}
	}
	return 0, fault.New(fault.Invalid, "member_unknown",
		"There is no such member here. Names count upper and lower case; the contract at /openapi.yaml lists them.").At(pointer(place, name))
}

func (d *decoder) bool(v reflect.Value, place string) error {
	d.next()
	rest := d.text[d.at:]
	for literal, value := range map[string]bool{"true": true, "false": false} {
		if bytes.HasPrefix(rest, []byte(literal)) {
			d.at += len(literal)
			v.SetBool(value)
			return nil
		}
	}
	return d.notA("true or false", place)
}

// string reads a string whose opening quote comes next.
func (d *decoder) string(place string) (string, error) {
	start := d.at
	escaped := false
	for i := start + 1; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '"':
			d.at = i + 1
			if escaped {
				return unescape(d.text[start:d.at], place)
			}
			return string(d.text[start+1 : i]), nil
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return "", malformed(place, "A string holds a control character. Write it as an escape.")
		}
	}
	return "", malformed(place, "A string has no end.")
}

// unescape reads a string in its quotes. encoding/json puts U+FFFD where an
// escape is half of a surrogate pair; here that is an error.
func unescape(quoted []byte, place string) (string, error) {
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", malformed(place, "A string holds an unknown escape.")
	}
	meant := strings.Count(s, "\uFFFD")
	if meant > 0 && meant != bytes.Count(quoted, []byte("\uFFFD"))+bytes.Count(bytes.ToLower(quoted), []byte(`\ufffd`)) {
		return "", malformed(place, "A string holds half of a surrogate pair.")
	}
	return s, nil
}

// next skips white space and gives the byte that follows, without taking it; at
// the end of the text a NUL, which begins no JSON either.
func (d *decoder) next() byte {
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (d *decoder) take(c byte) bool {
	if d.next() != c {
		return false
	}
	d.at++
	return true
}

// notA tells another type from what is no JSON.
func (d *decoder) notA(wanted, place string) error {
	if c := d.next(); !strings.ContainsRune(`{["-0123456789tfn`, rune(c)) {
		return malformed(place, "A value is missing here, or is not JSON.")
	}
	return fault.New(fault.Invalid, "member_type", "This must be "+wanted+".").At(place)
}

func malformed(place, what string) error {
	return fault.New(fault.Invalid, "json_malformed", what+" Send one JSON value.").At(place)
}

// member is one member of an object, by the position of its field.
type member struct {
	name     string
	required bool
}

func membersOf(t reflect.Type) []member {
	members := make([]member, t.NumField())
	for i := range members {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		members[i] = member{name, f.Type.Kind() != reflect.Pointer}
	}
	return members
}

// maxNamed bounds how much of a stranger's name an answer repeats.
const maxNamed = 64

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// pointer gives the JSON Pointer of an unknown member (RFC 6901 §3), or that of
// its parent when its name is too long to be repeated.
func pointer(place, name string) string {
	if len(name) > maxNamed {
		return place
	}
	return place + "/" + pointerEscapes.Replace(name)
}
