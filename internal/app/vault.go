package app

import (
	"cocarde.example/internal/acct"
	"cocarde.example/keys"
)

// vault gives the domain the data keys, each for its own use.
type vault struct{ keys keys.DataKeys }

func (v vault) Seal(purpose string, plain []byte) []byte { return v.keys.Sealing.Seal(purpose, plain) }

func (v vault) Open(purpose string, sealed []byte) ([]byte, error) {
	return v.keys.Sealing.Open(purpose, sealed)
}

func (v vault) NewOwnKey() []byte { return v.keys.Sealing.NewOwnKey() }

func (v vault) SealUnder(ownKey []byte, purpose string, plain []byte) ([]byte, error) {
	s, err := v.keys.Sealing.Under(ownKey)
	if err != nil {
		return nil, err
	}
	return s.Seal(purpose, plain), nil
}

func (v vault) OpenUnder(ownKey []byte, purpose string, sealed []byte) ([]byte, error) {
	s, err := v.keys.Sealing.Under(ownKey)
	if err != nil {
		return nil, err
	}
	return s.Open(purpose, sealed)
}

func (v vault) MailboxKey(a acct.Address) []byte {
	return v.keys.Lookup.MAC("mailbox", []byte(a.Key()))
}

func (v vault) CodeHash(purpose string, parts ...string) []byte {
	b := make([][]byte, len(parts))
	for i, p := range parts {
		b[i] = []byte(p)
	}
	return v.keys.Codes.MAC(purpose, b...)
}
