package store

import (
	"fmt"
	"time"

	"cocarde.example/internal/acct"
)

// micros is a time as it rests: Unix microseconds, NULL for the zero time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// moment scans what micros wrote.
type moment struct{ to *time.Time }

func (m moment) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*m.to = time.Time{}
	case int64:
		*m.to = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("store: a time is stored as %T", src)
	}
	return nil
}

// handle and host scan what String of the type wrote.
type (
	handle struct{ to *acct.Handle }
	host   struct{ to *acct.Host }
)

func (h handle) Scan(src any) error { return parsed(src, h.to, acct.ParseHandle) }

func (h host) Scan(src any) error { return parsed(src, h.to, acct.ParseHost) }

func parsed[T any](src any, to *T, parse func(string) (T, error)) (err error) {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("store: a name is stored as %T", src)
	}
	if s == "" {
		var none T
		*to = none
		return nil
	}
	if *to, err = parse(s); err != nil {
		// A parser's fault is about a caller's input, and this is none.
		return fmt.Errorf("store: a stored name is malformed: %v", err)
	}
	return nil
}
