package keys

import (
	"fmt"
	"io"
	"log/slog"
)

const redaction = "[redacted]"

// redacted is embedded in whatever holds a secret: by fmt, log/slog,
// encoding/json and text encodings alike it prints as [redacted].
type redacted struct{}

// String gives [redacted].
func (redacted) String() string { return redaction }

// GoString gives [redacted].
func (redacted) GoString() string { return redaction }

// Format writes [redacted], whatever the verb.
func (redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redaction) }

// LogValue gives [redacted].
func (redacted) LogValue() slog.Value { return slog.StringValue(redaction) }

// MarshalText gives [redacted].
func (redacted) MarshalText() ([]byte, error) { return []byte(redaction), nil }

// MarshalJSON gives "[redacted]".
func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + redaction + `"`), nil }
