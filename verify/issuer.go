package verify

import "errors"

// Issuer is the keys of one issuer at one time. It never changes.
type Issuer struct {
	url     string
	keys    map[string]*publicKey
	unfit   map[string]string // kid → why its key is not used
	revoked map[string]bool
}

// NewIssuer reads an issuer's JWKS. A key that is not fit to verify ES256, or whose
// kid stands twice, is left out; a set that is not strict JSON is an error. Keys
// in revoked count as revoked whether or not they stand in the set.
func NewIssuer(iss string, jwks []byte, revoked ...RevokedKey) (*Issuer, error) {
	if _, err := CheckURL(iss); err != nil {
		return nil, errors.New("the issuer is not an https URL")
	}
	i := &Issuer{url: iss, revoked: make(map[string]bool, len(revoked))}
	for _, r := range revoked {
		i.revoked[r.KeyID] = true
	}
	var err error
	i.keys, i.unfit, err = parseJWKS(jwks)
	if err != nil {
		return nil, err
	}
	return i, nil
}

// URL is the issuer's iss.
func (i *Issuer) URL() string { return i.url }

// HasKey says whether the issuer publishes a fit key under kid, or has revoked it:
// whether there is no point in asking again.
func (i *Issuer) HasKey(kid string) bool { return i.keys[kid] != nil || i.revoked[kid] }

// key gives the key in force under a kid.
func (i *Issuer) key(kid string) (*publicKey, *failure) {
	if i.revoked[kid] {
		return nil, failed(checkKey, KeyRevoked, "the issuer has revoked the key")
	}
	if key := i.keys[kid]; key != nil {
		return key, nil
	}
	if why := i.unfit[kid]; why != "" {
		return nil, failed(checkKey, KeyNotFound, "the issuer's key cannot be used: %s", why)
	}
	return nil, failed(checkKey, KeyNotFound, "the issuer publishes no such key")
}
