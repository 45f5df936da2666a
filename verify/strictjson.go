package verify

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A JSON reader of our own, because encoding/json takes the last of repeated
// members, matches names without regard to case, replaces invalid UTF-8 and lets
// two readers of one signed text see different things. This one keeps I-JSON
// (RFC 7493): unique names at every depth, valid UTF-8, no lone surrogates,
// nothing after the value.

type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

// value is one JSON value. text holds a string's content or a number's literal;
// members hold an object's members or, with empty names, an array's elements.
type value struct {
	kind    kind
	text    string
	members []member
}

type member struct {
	name  string
	value value
}

const (
	maxDepth      = 32
	manyMembers   = 16 // from here on, names are compared through a map
	maxSafeNumber = 1<<53 - 1
)

var errJSON = errors.New("not strict JSON")

// parseJSON reads exactly one value.
func parseJSON(s string) (value, error) {
	if !utf8.ValidString(s) {
		return value{}, errJSON
	}
	r := reader{s: s}
	v, err := r.value(0)
	if err != nil {
		return value{}, err
	}
	r.space()
	if r.i != len(s) {
		return value{}, errJSON
	}
	return v, nil
}

// parseObject reads exactly one object.
func parseObject(s string) (value, error) {
	v, err := parseJSON(s)
	if err == nil && v.kind != kindObject {
		err = errJSON
	}
	return v, err
}

func (v value) get(name string) (value, bool) {
	if v.kind != kindObject {
		return value{}, false
	}
	for i := range v.members {
		if v.members[i].name == name {
			return v.members[i].value, true
		}
	}
	return value{}, false
}

func (v value) has(name string) bool {
	_, ok := v.get(name)
	return ok
}

// str gives a string member; "" where it is absent or something else.
func (v value) str(name string) string {
	m, _ := v.get(name)
	if m.kind != kindString {
		return ""
	}
	return m.text
}

// integer gives a member that is an integer literal within ±(2^53−1).
func (v value) integer(name string) (int64, bool) {
	m, _ := v.get(name)
	if m.kind != kindNumber {
		return 0, false
	}
	n, err := strconv.ParseInt(m.text, 10, 64)
	return n, err == nil && -maxSafeNumber <= n && n <= maxSafeNumber
}

type reader struct {
	s string
	i int
}

func (r *reader) space() {
	for r.i < len(r.s) && (r.s[r.i] == ' ' || r.s[r.i] == '\t' || r.s[r.i] == '\n' || r.s[r.i] == '\r') {
		r.i++
	}
}

// next skips white space and gives the byte there, 0 at the end.
func (r *reader) next() byte {
	r.space()
	if r.i == len(r.s) {
		return 0
	}
	return r.s[r.i]
}

func (r *reader) value(depth int) (value, error) {
	if depth > maxDepth {
		return value{}, errJSON
	}
	switch c := r.next(); c {
	case '{', '[':
		return r.composite(depth, c)
	case '"':
		s, err := r.str()
		return value{kind: kindString, text: s}, err
	case 'n':
		return r.word("null", kindNull)
	case 't':
		return r.word("true", kindTrue)
	case 'f':
		return r.word("false", kindFalse)
	default:
		return r.number()
	}
}

func (r *reader) word(w string, k kind) (value, error) {
	if !strings.HasPrefix(r.s[r.i:], w) {
		return value{}, errJSON
	}
	r.i += len(w)
	return value{kind: k}, nil
}

// composite reads an object or an array, whose opening byte is next.
func (r *reader) composite(depth int, open byte) (value, error) {
	v, closing := value{kind: kindArray}, byte(']')
	if open == '{' {
		v.kind, closing = kindObject, '}'
	}
	r.i++
	if r.next() == closing {
		r.i++
		return v, nil
	}
	v.members = make([]member, 0, 4)
	for {
		m, err := r.member(depth, v.kind)
		if err != nil {
			return value{}, err
		}
		v.members = append(v.members, m)
		c := r.next()
		r.i++
		if c == closing {
			break
		}
		if c != ',' {
			return value{}, errJSON
		}
	}
	if v.kind == kindObject && repeatedNames(v.members) {
		return value{}, errJSON
	}
	return v, nil
}

func (r *reader) member(depth int, in kind) (m member, err error) {
	if in == kindObject {
		if r.next() != '"' {
			return m, errJSON
		}
		if m.name, err = r.str(); err != nil {
			return m, err
		}
		if r.next() != ':' {
			return m, errJSON
		}
		r.i++
	}
	m.value, err = r.value(depth + 1)
	return m, err
}

func repeatedNames(ms []member) bool {
	if len(ms) < manyMembers {
		for i := range ms {
			for j := range i {
				if ms[i].name == ms[j].name {
					return true
				}
			}
		}
		return false
	}
	names := make(map[string]struct{}, len(ms))
	for i := range ms {
		names[ms[i].name] = struct{}{}
	}
	return len(names) != len(ms)
}

// number reads a number as RFC 8259 §6 spells it.
func (r *reader) number() (value, error) {
	start := r.i
	r.accept('-')
	if !r.accept('0') && r.digits() == 0 {
		return value{}, errJSON
	}
	if r.accept('.') && r.digits() == 0 {
		return value{}, errJSON
	}
	if r.accept('e') || r.accept('E') {
		if !r.accept('+') {
			r.accept('-')
		}
		if r.digits() == 0 {
			return value{}, errJSON
		}
	}
	return value{kind: kindNumber, text: r.s[start:r.i]}, nil
}

func (r *reader) accept(c byte) bool {
	if r.i < len(r.s) && r.s[r.i] == c {
		r.i++
		return true
	}
	return false
}

func (r *reader) digits() int {
	start := r.i
	for r.i < len(r.s) && '0' <= r.s[r.i] && r.s[r.i] <= '9' {
		r.i++
	}
	return r.i - start
}
