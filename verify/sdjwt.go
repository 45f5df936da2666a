package verify

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// splitToken parts an SD-JWT (RFC 9901 §4) into its JWS, its disclosures and what
// follows the last "~": a key-binding JWT, or nothing.
func splitToken(token string) (jws string, disclosures []string, rest string, err error) {
	jws, tail, ok := strings.Cut(token, "~")
	if !ok {
		return "", nil, "", errors.New(`an SD-JWT has a "~" after its JWS`)
	}
	parts := strings.Split(tail, "~")
	disclosures, rest = parts[:len(parts)-1], parts[len(parts)-1]
	for _, d := range disclosures {
		if d == "" || !isBase64URL(d) {
			return "", nil, "", errors.New("a disclosure is empty or not base64url")
		}
	}
	return jws, disclosures, rest, nil
}

// disclosed is one disclosure that a digest referred to.
type disclosed struct {
	name   string // empty for an array element
	nested bool   // not a member of the payload itself
	value  value
}

// unpacker carries out RFC 9901 §7.1 step 3 on one payload.
type unpacker struct {
	waiting map[string]string   // digest → disclosure, until a digest refers to it
	met     map[string]struct{} // digests that stood somewhere
	done    []disclosed
	nested  bool // a digest stood elsewhere than in the payload's own _sd
}

// unpack puts disclosures in the place of their digests and takes out all that
// served selective disclosure (RFC 9901 §7.1).
func unpack(payload value, disclosures []string) (value, *unpacker, error) {
	u := &unpacker{met: map[string]struct{}{}}
	if alg, ok := payload.get("_sd_alg"); ok && (alg.kind != kindString || alg.text != "sha-256") {
		return value{}, nil, errors.New("_sd_alg is not sha-256")
	}
	if len(disclosures) > 0 {
		u.waiting = make(map[string]string, len(disclosures))
	}
	for _, d := range disclosures {
		digest := digestOf(d)
		if _, ok := u.waiting[digest]; ok {
			return value{}, nil, errors.New("a disclosure stands twice")
		}
		u.waiting[digest] = d
	}
	processed, err := u.walk(payload, 0)
	if err != nil {
		return value{}, nil, err
	}
	if len(u.waiting) > 0 {
		return value{}, nil, errors.New("no digest refers to a disclosure")
	}
	return processed, u, nil
}

func digestOf(disclosure string) string {
	sum := sha256.Sum256([]byte(disclosure))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (u *unpacker) walk(v value, depth int) (value, error) {
	if depth > maxDepth {
		return value{}, errors.New("disclosures are nested too deeply")
	}
	switch v.kind {
	case kindObject:
		return u.object(v, depth)
	case kindArray:
		return u.array(v, depth)
	}
	return v, nil
}

func (u *unpacker) object(v value, depth int) (value, error) {
	out := value{kind: kindObject, members: make([]member, 0, len(v.members))}
	var digests []member
	for _, m := range v.members {
		if m.name == "_sd_alg" && depth == 0 {
			continue
		}
		switch m.name {
		case "_sd":
			if m.value.kind != kindArray {
				return value{}, errors.New("_sd is not an array")
			}
			digests = m.value.members
			u.nested = u.nested || depth > 0
			continue
		case "...", "_sd_alg":
			return value{}, fmt.Errorf("%s stands where it must not", m.name)
		}
		inner, err := u.walk(m.value, depth+1)
		if err != nil {
			return value{}, err
		}
		out.members = append(out.members, member{m.name, inner})
	}
	for _, d := range digests {
		parts, err := u.resolve(d.value, 3)
		if err != nil {
			return value{}, err
		}
		if parts == nil {
			continue
		}
		if err := u.disclose(&out, parts[1].value, parts[2].value, depth); err != nil {
			return value{}, err
		}
	}
	return out, nil
}

// disclose adds a disclosed member to the object whose digest named it.
func (u *unpacker) disclose(object *value, name, v value, depth int) error {
	if name.kind != kindString {
		return errors.New("a disclosure's claim name is not a string")
	}
	switch name.text {
	case "_sd", "...", "_sd_alg":
		return fmt.Errorf("a disclosure's claim is named %s", name.text)
	}
	if object.has(name.text) {
		return errors.New("a disclosure's claim is there already")
	}
	inner, err := u.walk(v, depth+1)
	if err != nil {
		return err
	}
	object.members = append(object.members, member{name.text, inner})
	u.done = append(u.done, disclosed{name.text, depth > 0, inner})
	return nil
}

func (u *unpacker) array(v value, depth int) (value, error) {
	out := value{kind: kindArray, members: make([]member, 0, len(v.members))}
	for _, m := range v.members {
		element := m.value
		if digest, ok := element.get("..."); ok {
			if len(element.members) != 1 {
				return value{}, errors.New("... does not stand alone in its array element")
			}
			u.nested = true
			parts, err := u.resolve(digest, 2)
			if err != nil {
				return value{}, err
			}
			if parts == nil {
				continue
			}
			element = parts[1].value
			u.done = append(u.done, disclosed{"", true, element})
		}
		inner, err := u.walk(element, depth+1)
		if err != nil {
			return value{}, err
		}
		out.members = append(out.members, member{"", inner})
	}
	return out, nil
}

// resolve gives the parts of the disclosure that a digest refers to, nil if it
// refers to none: then it is a decoy or was not disclosed.
func (u *unpacker) resolve(digest value, arity int) ([]member, error) {
	if digest.kind != kindString {
		return nil, errors.New("a digest is not a string")
	}
	if _, ok := u.met[digest.text]; ok {
		return nil, errors.New("a digest stands twice")
	}
	u.met[digest.text] = struct{}{}
	d, ok := u.waiting[digest.text]
	if !ok {
		return nil, nil
	}
	delete(u.waiting, digest.text)
	b, err := decodeBase64(d)
	if err != nil {
		return nil, errors.New("a disclosure is not base64url")
	}
	v, err := parseJSON(string(b))
	if err != nil || v.kind != kindArray || len(v.members) != arity || v.members[0].value.kind != kindString {
		return nil, fmt.Errorf("a disclosure is not a strict JSON array of %d with a salt", arity)
	}
	return v.members, nil
}
