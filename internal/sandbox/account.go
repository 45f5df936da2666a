package sandbox

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"html/template"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxUsername is Mastodon's limit, in characters.
const maxUsername = 30

var usernamePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_]+([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)
})

// Account is an account of an instance. Its methods are safe for concurrent use.
type Account struct {
	instance *Instance
	id       int64
	username string
	password string
	keyPEM   string
	created  time.Time

	// Guarded by instance.mu.
	fields    []Field // replaced, never changed
	replies   []template.HTML
	movedTo   string
	suspended bool
	deleted   bool
}

// AddAccount makes an account. Its id is numeric, and so is its actor's, as on
// Mastodon since 4.5. A name that is taken, in whatever case, or that Mastodon
// would not take is an error.
func (i *Instance) AddAccount(username, password string) (*Account, error) {
	if len(username) > maxUsername || !usernamePattern().MatchString(username) {
		return nil, fmt.Errorf("username %q is not one that Mastodon takes", username)
	}
	key, err := publicKeyPEM()
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	name := strings.ToLower(username)
	if _, taken := i.accounts[name]; taken {
		return nil, fmt.Errorf("username %q is taken", username)
	}
	a := &Account{
		instance: i, id: i.nextID(), username: username,
		password: password, keyPEM: key, created: i.now(),
	}
	i.accounts[name] = a
	return a, nil
}

// nextID makes ids as Mastodon's snowflakes: milliseconds, then 16 bits.
func (i *Instance) nextID() int64 {
	i.lastID = max(i.now().UnixMilli()<<16, i.lastID+1)
	return i.lastID
}

// publicKeyPEM makes the key that an actor shows. The instance signs nothing,
// so the private half is never made: a random modulus serves, and saves the
// tenth of a second that a real pair takes.
func publicKeyPEM() (string, error) {
	modulus := make([]byte, 256)
	rand.Read(modulus)
	modulus[0] |= 0x80
	modulus[255] |= 1
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537})
	if err != nil {
		return "", fmt.Errorf("encode an actor's key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// ID is the account's numeric id, as the API gives it.
func (a *Account) ID() string { return strconv.FormatInt(a.id, 10) }

// Username is the name as it was given.
func (a *Account) Username() string { return a.username }

// Handle is @user@host.
func (a *Account) Handle() string { return "@" + a.username + "@" + a.instance.localDomain }

// ActorID is the actor's id: BASE/ap/users/ID.
func (a *Account) ActorID() string { return a.instance.base + "/ap/users/" + a.ID() }

// URL is the address of the profile page: BASE/@user.
func (a *Account) URL() string { return a.instance.base + "/@" + a.username }

// SetSuspended suspends the account, or lets it back.
func (a *Account) SetSuspended(on bool) { a.update(func() { a.suspended = on }) }

// SetMovedTo says where the account has moved; "" takes it back.
func (a *Account) SetMovedTo(actorID string) { a.update(func() { a.movedTo = actorID }) }

// Delete deletes the account for good: its addresses answer 410, its tokens end.
func (a *Account) Delete() {
	a.update(func() {
		a.deleted = true
		for _, t := range a.instance.tokens {
			if t.account == a {
				t.revoked = true
			}
		}
	})
}

func (a *Account) update(change func()) {
	a.instance.mu.Lock()
	defer a.instance.mu.Unlock()
	change()
}

// snapshot is what an account says of itself at one moment.
type snapshot struct {
	*Account
	fields             []Field
	replies            []template.HTML
	movedTo            string
	suspended, deleted bool
}

func (a *Account) snapshot() snapshot {
	a.instance.mu.Lock()
	defer a.instance.mu.Unlock()
	return snapshot{a, a.fields, a.replies, a.movedTo, a.suspended, a.deleted}
}

// byName finds an account, whatever the case of its name.
func (i *Instance) byName(username string) (snapshot, bool) {
	i.mu.Lock()
	a := i.accounts[strings.ToLower(username)]
	i.mu.Unlock()
	if a == nil {
		return snapshot{}, false
	}
	return a.snapshot(), true
}

// byID finds an account by the decimal form of its id.
func (i *Instance) byID(id string) (snapshot, bool) {
	i.mu.Lock()
	var found *Account
	for _, a := range i.accounts {
		if a.ID() == id {
			found = a
		}
	}
	i.mu.Unlock()
	if found == nil {
		return snapshot{}, false
	}
	return found.snapshot(), true
}

// all gives the accounts that are not deleted, oldest first.
func (i *Instance) all() []snapshot {
	i.mu.Lock()
	accounts := slices.Collect(maps.Values(i.accounts))
	i.mu.Unlock()
	slices.SortFunc(accounts, func(a, b *Account) int { return cmp.Compare(a.id, b.id) })
	var found []snapshot
	for _, a := range accounts {
		if s := a.snapshot(); !s.deleted {
			found = append(found, s)
		}
	}
	return found
}

// signIn finds the account that a name and a password open.
func (i *Instance) signIn(username, password string) (snapshot, bool) {
	a, ok := i.byName(username)
	if !ok || a.deleted || subtle.ConstantTimeCompare([]byte(password), []byte(a.password)) != 1 {
		return snapshot{}, false
	}
	return a, true
}
