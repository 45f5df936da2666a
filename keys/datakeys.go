package keys

import "fmt"

// The names under which data keys are wrapped and kept.
const (
	nameSealing = "sealing"
	nameLookup  = "lookup"
	nameCodes   = "codes"
	nameLog     = "log"
	nameVRF     = "vrf"
)

var dataKeyNames = []string{nameSealing, nameLookup, nameCodes, nameLog, nameVRF}

// DataKey is 32 secret bytes for one purpose.
type DataKey struct {
	redacted
	key []byte
}

// Bytes gives the key itself. Changing it changes the key.
func (k DataKey) Bytes() []byte { return k.key }

// MAC is [MAC] under this key.
func (k DataKey) MAC(purpose string, parts ...[]byte) []byte {
	return MAC(k.key, purpose, parts...)
}

// DataKeys are made once with the database and live as long as it does: a new
// secret file rewraps them, so that lookups and the log survive.
type DataKeys struct {
	redacted
	Sealing *Sealer // seals signing keys, mailboxes, mails
	Lookup  DataKey // finds a mailbox without storing it in clear
	Codes   DataKey // codes and tokens rest as MACs under it
	Log     DataKey // seed of the log's signing key
	VRF     DataKey // seed of the log's VRF
}

// NewDataKeys makes the data keys of a new database, and what to keep of them.
func NewDataKeys(s Secret) (wrapped map[string][]byte, _ DataKeys) {
	plain := make(map[string][]byte, len(dataKeyNames))
	wrapped = make(map[string][]byte, len(dataKeyNames))
	for _, name := range dataKeyNames {
		plain[name] = randomKey()
		wrapped[name] = s.Wrap(name, plain[name])
	}
	return wrapped, newDataKeys(plain)
}

// OpenDataKeys opens what NewDataKeys returned. A key that is missing or
// unknown is an error that names it; one that this secret did not wrap is
// ErrUnsealable.
func OpenDataKeys(s Secret, wrapped map[string][]byte) (DataKeys, error) {
	plain := make(map[string][]byte, len(dataKeyNames))
	for _, name := range dataKeyNames {
		w, ok := wrapped[name]
		if !ok {
			return DataKeys{}, fmt.Errorf("keys: the data key %q is missing", name)
		}
		key, err := s.Unwrap(name, w)
		if err != nil {
			return DataKeys{}, fmt.Errorf("data key %q: %w", name, err)
		}
		if len(key) != keySize {
			return DataKeys{}, fmt.Errorf("keys: the data key %q has %d bytes", name, len(key))
		}
		plain[name] = key
	}
	for name := range wrapped {
		if plain[name] == nil {
			return DataKeys{}, fmt.Errorf("keys: the data key %q is unknown to this version", name)
		}
	}
	return newDataKeys(plain), nil
}

// Rewrap wraps under another secret what the former one wrapped: the data keys
// stay the same, and so does all that they sealed.
func Rewrap(former, next Secret, wrapped map[string][]byte) (map[string][]byte, error) {
	again := make(map[string][]byte, len(wrapped))
	for name, w := range wrapped {
		key, err := former.Unwrap(name, w)
		if err != nil {
			return nil, fmt.Errorf("data key %q: %w", name, err)
		}
		again[name] = next.Wrap(name, key)
	}
	return again, nil
}

func newDataKeys(plain map[string][]byte) DataKeys {
	return DataKeys{
		Sealing: newSealer(plain[nameSealing]),
		Lookup:  DataKey{key: plain[nameLookup]},
		Codes:   DataKey{key: plain[nameCodes]},
		Log:     DataKey{key: plain[nameLog]},
		VRF:     DataKey{key: plain[nameVRF]},
	}
}
