package translog

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha512"
	"errors"
	"fmt"
	"strings"
	"sync"

	"filippo.io/mostly-harmless/vrf-r255"
)

// Kind is what a VRF input names. An account and an agency never share an
// output, whatever they are called.
type Kind string

// The kinds. What they make of a name never changes.
const (
	Account Kind = "account" // of an acct: URI (RFC 7565), as in the attestation
	Agency  Kind = "agency"  // of a mail domain in A-labels, as in the attestation
)

// OutputSize is the length of a VRF output in bytes.
const OutputSize = 64

const (
	// maxInput bounds a name, in bytes: a user part and a host name fit.
	maxInput = 1024
	// maxAgencies bounds the agencies whose outputs are remembered, at some 200
	// bytes each.
	maxAgencies = 1 << 14
)

// VRF turns the names in the log's leaves into what only the key can compute
// and anyone can check (ECVRF-RISTRETTO255-SHA512 of RFC 9381, c2sp.org/vrf-r255).
// Its key lives as long as the log. Safe for concurrent use.
type VRF struct {
	key *vrf.PrivateKey

	mu       sync.Mutex
	agencies map[string][]byte // outputs: many agents share an agency
}

// NewVRF derives the key from the VRF's data key, of 32 bytes or more.
func NewVRF(dataKey []byte) (*VRF, error) {
	if len(dataKey) < 32 {
		return nil, errors.New("translog: the VRF's data key is too short")
	}
	scalar, err := hkdf.Key(sha512.New, dataKey, nil, "cocarde log vrf-r255 v1", 32)
	if err != nil {
		return nil, fmt.Errorf("translog: derive the VRF's key: %w", err)
	}
	// Scalars are below the group's order, which is a little above 2^252.
	scalar[31] &= 0x0f
	key, err := vrf.NewPrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("translog: the VRF's key: %w", err)
	}
	return &VRF{key: key, agencies: make(map[string][]byte)}, nil
}

// PublicKey gives the 32 bytes under which proofs are checked.
func (v *VRF) PublicKey() []byte { return v.key.PublicKey().Bytes() }

// Outputs gives what the leaves of one badge carry: the outputs of its account
// ("acct:user@host") and of its agency's domain, 64 bytes each. It takes a few tenths of a millisecond: compute them once.
func (v *VRF) Outputs(acct, domain string) (acctOut, domainOut []byte, err error) {
	if acctOut, err = v.Output(Account, acct); err != nil {
		return nil, nil, err
	}
	if domainOut, err = v.agency(domain); err != nil {
		return nil, nil, err
	}
	return acctOut, domainOut, nil
}

// agency gives the output of an agency's domain, from memory if it can.
func (v *VRF) agency(domain string) ([]byte, error) {
	v.mu.Lock()
	known := v.agencies[domain]
	v.mu.Unlock()
	if known != nil {
		return bytes.Clone(known), nil
	}
	out, err := v.Output(Agency, domain)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.agencies) == maxAgencies {
		clear(v.agencies) // by far the simplest, and rare: a country has fewer
	}
	v.agencies[domain] = bytes.Clone(out)
	return out, nil
}

// Output gives the output of one name, which must be in its canonical form:
// other bytes give another output.
func (v *VRF) Output(kind Kind, name string) ([]byte, error) {
	alpha, err := input(kind, name)
	if err != nil {
		return nil, err
	}
	return v.key.Prove(alpha).Hash(), nil
}

// input gives the VRF's alpha: the acct: URI itself, and "domain:" before a
// domain, so that neither can be taken for the other.
func input(kind Kind, name string) ([]byte, error) {
	if len(name) > maxInput {
		return nil, errors.New("translog: a VRF input is too long")
	}
	switch kind {
	case Account:
		if !strings.HasPrefix(name, "acct:") || name == "acct:" {
			return nil, errors.New("translog: an account's VRF input is no acct: URI")
		}
		return []byte(name), nil
	case Agency:
		if name == "" {
			return nil, errors.New("translog: an agency's VRF input is empty")
		}
		return []byte("domain:" + name), nil
	}
	return nil, fmt.Errorf("translog: no such kind of VRF input: %q", kind)
}
