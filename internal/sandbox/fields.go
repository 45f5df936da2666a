package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Limits of a Mastodon profile.
const (
	maxFields     = 4
	maxFieldChars = 255
)

// Field is one row of a profile's table.
type Field struct {
	Name, Value string
	// VerifiedAt is when the page at Value was seen to link back: the green
	// tick. It is zero without one, and the account's to decide: what a caller
	// gives is not looked at.
	VerifiedAt time.Time
}

// fieldError says which row, counted from 0, a profile does not take.
type fieldError struct {
	row  int
	text string
}

func (e *fieldError) Error() string { return e.text }

// Fields gives the rows of the profile.
func (a *Account) Fields() []Field { return slices.Clone(a.snapshot().fields) }

// SetFields replaces the rows of the profile without looking at their links: a
// value that is green stays green, and no other becomes so. What Mastodon does
// not take (more than 4 rows, more than 255 characters, a value without a
// name) is an error. Blank rows are dropped.
func (a *Account) SetFields(fields ...Field) error {
	_, err := a.setFields(fields)
	return err
}

// SaveFields replaces the rows as SetFields does, and then looks once at the
// links that are not green yet, by Mastodon's rule. Its errors are those of
// SetFields and the context's; a page that does not link back is none.
func (a *Account) SaveFields(ctx context.Context, fields ...Field) error {
	_, err := a.saveFields(ctx, fields)
	return err
}

// saveFields tells of each row that was kept why it is not green, "" if it is
// or has no link.
func (a *Account) saveFields(ctx context.Context, fields []Field) ([]string, error) {
	kept, err := a.setFields(fields)
	if err != nil {
		return nil, err
	}
	problems := make([]string, len(kept))
	var looks sync.WaitGroup
	for n, f := range kept {
		switch {
		case !f.VerifiedAt.IsZero():
		case !verifiable(f.Value):
			if strings.Contains(f.Value, "://") {
				problems[n] = "it must be a single https address, and nothing else"
			}
		default:
			looks.Go(func() {
				if err := a.instance.links.check(ctx, f.Value, a.URL()); err != nil {
					problems[n] = err.Error()
					return
				}
				a.markVerified(f.Value)
			})
		}
	}
	looks.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("look at the links: %w", err)
	}
	return problems, nil
}

func (a *Account) setFields(fields []Field) ([]Field, error) {
	if len(fields) > maxFields {
		return nil, fmt.Errorf("a profile has %d fields at most", maxFields)
	}
	var kept []Field
	for row, f := range fields {
		f = Field{Name: strings.TrimSpace(f.Name), Value: strings.TrimSpace(f.Value)}
		if err := f.problem(); err != nil {
			return nil, &fieldError{row, err.Error()}
		}
		if f.Name != "" || f.Value != "" {
			kept = append(kept, f)
		}
	}
	a.update(func() {
		for n, f := range kept {
			same := func(old Field) bool { return old.Value == f.Value }
			if old := slices.IndexFunc(a.fields, same); old >= 0 {
				kept[n].VerifiedAt = a.fields[old].VerifiedAt
			}
		}
		a.fields = kept
	})
	return slices.Clone(kept), nil
}

func (f Field) problem() error {
	switch {
	case utf8.RuneCountInString(f.Name) > maxFieldChars || utf8.RuneCountInString(f.Value) > maxFieldChars:
		return fmt.Errorf("a field has %d characters at most", maxFieldChars)
	case f.Name == "" && f.Value != "":
		return errors.New("a field with content needs a label")
	}
	return nil
}

// markVerified makes a value green, if it still stands there.
func (a *Account) markVerified(value string) {
	now := a.instance.now()
	a.update(func() {
		a.fields = slices.Clone(a.fields) // snapshots keep the old ones
		for n := range a.fields {
			if a.fields[n].Value == value {
				a.fields[n].VerifiedAt = now
			}
		}
	})
}
