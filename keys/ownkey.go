package keys

import "fmt"

// ownKeyPurpose binds what NewOwnKey seals.
const ownKeyPurpose = "own-key"

// NewOwnKey makes a key that one thing alone is sealed under, and gives it sealed.
// Once that is destroyed, nobody opens what was sealed under the key.
func (s *Sealer) NewOwnKey() (sealed []byte) { return s.Seal(ownKeyPurpose, randomKey()) }

// Under gives the sealer of a key that NewOwnKey made.
func (s *Sealer) Under(sealed []byte) (*Sealer, error) {
	key, err := s.Open(ownKeyPurpose, sealed)
	if err != nil {
		return nil, err
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("keys: a key of its own has %d bytes", len(key))
	}
	return newSealer(key), nil
}
