package attest

import (
	"context"
	"fmt"

	"cocarde.example/internal/acct"
)

// mailboxOf opens the mailbox of a badge: under its own key, or under everybody's,
// where the badge is older than such keys. It must be kept still.
func mailboxOf(v Vault, b Badge) (acct.Address, error) {
	plain, err := openMailbox(v, b)
	if err != nil {
		return acct.Address{}, fmt.Errorf("open mailbox of badge: %w", err)
	}
	return acct.ParseAddress(string(plain))
}

func openMailbox(v Vault, b Badge) ([]byte, error) {
	if len(b.OwnKey) == 0 {
		return v.Open(sealMailbox, b.Mailbox)
	}
	return v.OpenUnder(b.OwnKey, sealMailbox, b.Mailbox)
}

// ownKey gives the key of a badge's own. One that is older than such keys gets its
// key now, and its mailbox is sealed anew.
func ownKey(ctx context.Context, s BadgeStore, v Vault, b Badge) ([]byte, error) {
	if len(b.OwnKey) > 0 {
		return b.OwnKey, nil
	}
	key, mailbox := v.NewOwnKey(), []byte{}
	if len(b.Mailbox) > 0 {
		plain, err := openMailbox(v, b)
		if err == nil {
			mailbox, err = v.SealUnder(key, sealMailbox, plain)
		}
		if err != nil {
			return nil, fmt.Errorf("seal mailbox under its own key: %w", err)
		}
	}
	if err := s.GiveKey(ctx, b.ID, key, b.Mailbox, mailbox); err != nil {
		return nil, fmt.Errorf("give badge a key: %w", err)
	}
	p, err := s.Badge(ctx, b.ID) // somebody else may have given it one
	if err == nil && len(p.Badge.OwnKey) == 0 {
		err = fmt.Errorf("the badge %s has no key still", b.ID)
	}
	return p.Badge.OwnKey, err
}

// openNote opens a note under the badge's own key; one that is older than that is
// sealed under everybody's.
func openNote(v Vault, b Badge, sealed []byte) ([]byte, error) {
	if len(b.OwnKey) > 0 {
		if plain, err := v.OpenUnder(b.OwnKey, sealNote, sealed); err == nil {
			return plain, nil
		}
	}
	return v.Open(sealNote, sealed)
}
