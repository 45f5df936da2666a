package attest

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"cocarde.example/internal/fault"
)

var (
	errCodeMalformed = fault.New(fault.Invalid, "code_malformed",
		"A code from a mail has 8 digits. Copy it again.").At("/code")
	errCodeWrong = fault.New(fault.Forbidden, "code_wrong",
		"This is not the code. Compare it with the newest one, and type it again.").At("/code")
	errCodeExpired = fault.New(fault.Gone, "code_expired",
		"This code is older than 10 minutes. Ask for a new one.").At("/code")
	errCodes = fault.New(fault.Limited, "too_many_codes",
		"No more codes are sent for this request. Begin a new one.")
	errStopLink = fault.New(fault.NotFound, "stop_link_unknown",
		"This link does not stop any mail. Copy it again from the mail, whole.")
)

// proveAccount records the account proof and asks for the mail with the code. Whoever
// signed in counts by the mailbox alone, by no client.
func (q *Requests) proveAccount(ctx context.Context, r Request, client string) (View, error) {
	if r.Purpose == ForAccess {
		return q.proveAccess(ctx, r)
	}
	switch p, err := q.badgeOf(ctx, r.Actor); {
	case err != nil:
		return View{}, err
	case p != nil && p.Badge.ID != r.BadgeID:
		return View{}, errAccountHasBadge
	}
	code, entry, err := q.newMailboxCode(ctx, r, client)
	if err != nil {
		return View{}, err
	}
	err = q.store.ProveAccount(ctx, r.ID, q.now(), code, entry)
	if lost(err) {
		return View{}, q.notIn(ctx, r.ID)
	}
	if err != nil {
		return View{}, fmt.Errorf("record account proof: %w", err)
	}
	r.State = AwaitingMailboxProof
	return q.view(r), nil
}

// RenewCode sends another code in place of the former one. The client is as in Beginning.
func (q *Requests) RenewCode(ctx context.Context, id, token, client string) (View, error) {
	r, err := q.open(ctx, id, token)
	if err != nil {
		return View{}, err
	}
	if r.State != AwaitingMailboxProof {
		return View{}, errOutOfTurn
	}
	if r.CodesSent >= maxCodes {
		return View{}, errCodes
	}
	code, entry, err := q.newMailboxCode(ctx, r, client)
	if err != nil {
		return View{}, err
	}
	err = q.store.RenewMailboxCode(ctx, r.ID, code, entry, maxCodes)
	if lost(err) {
		return View{}, q.notIn(ctx, r.ID)
	}
	if err != nil {
		return View{}, fmt.Errorf("renew code: %w", err)
	}
	r.MailError = ""
	return q.view(r), nil
}

// newMailboxCode makes a code and the mail that carries it. The mail is nil where
// none goes out: the mailbox's holder asked for no more, or it is not kept. Nothing
// else differs then.
func (q *Requests) newMailboxCode(ctx context.Context, r Request, client string) (Code, *OutboxEntry, error) {
	if err := q.codesAllowed(ctx); err != nil {
		return Code{}, nil, err
	}
	if err := q.countMail(ctx, r, client); err != nil {
		return Code{}, nil, err
	}
	now := q.now()
	digits := randomDigits()
	code := Code{Hash: q.mailboxCodeHash(r, digits), ExpiresAt: now.Add(codeLifetime)}
	if len(r.Mailbox) == 0 {
		return code, nil, nil
	}
	stopped, err := q.store.MailStopped(ctx, r.MailboxKey, now)
	if err != nil || stopped {
		return code, nil, err
	}
	m, err := q.codeMail(ctx, r, digits)
	if err != nil {
		return Code{}, nil, err
	}
	entry, err := q.mailEntry(m, r.BadgeID, code.ExpiresAt)
	if err != nil {
		return Code{}, nil, err
	}
	entry.RequestID = r.ID
	return code, entry, nil
}

// codeMail is what carries a code. Where the mailbox was not named by whoever asks,
// it may be somebody else's by now, who is told of neither account nor badge. Nor does
// the mail name whose badge the code will replace, unless anybody finds that by its handle.
func (q *Requests) codeMail(ctx context.Context, r Request, digits string) (Message, error) {
	address, err := q.address(r)
	if err != nil {
		return Message{}, err
	}
	m := Message{
		Kind: codeMails[r.Purpose], To: address.String(), Lang: r.Lang, Issuer: q.issuer, Agency: r.Agency.Domain,
		Code: digits, Minutes: int(codeLifetime / time.Minute), StopURL: stopURL(q.vault, q.issuer, r.MailboxKey),
	}
	if r.Purpose != ForIssue {
		return m, nil
	}
	m.Handle, m.Instance = r.Actor.Handle.String(), r.Actor.Host.String()
	former, err := q.store.BadgeOfMailbox(ctx, r.MailboxKey, q.now())
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return Message{}, fmt.Errorf("find badge of mailbox: %w", err)
	case former.Badge.Listed:
		m.Replaces = former.Badge.Actor.Handle.String()
	default:
		m.ReplacesUnlisted = true
	}
	return m, nil
}

var codeMails = map[Purpose]MessageKind{ForIssue: MailCode, ForRenewal: MailRenewalCode, ForAccess: MailAccessCode}

// ProveMailbox takes the code. The right code again, after it was accepted, is
// no error; any other then is.
func (q *Requests) ProveMailbox(ctx context.Context, id, token, typed string) (View, error) {
	r, err := q.open(ctx, id, token)
	if err != nil {
		return View{}, err
	}
	digits := plainCode(typed)
	if len(digits) != 8 {
		return View{}, errCodeMalformed
	}
	hash := q.mailboxCodeHash(r, digits)
	if r.State == Proven || r.State == Issued {
		if r.MailboxCode != nil && subtle.ConstantTimeCompare(r.MailboxCode.Hash, hash) == 1 {
			return q.view(r), nil
		}
		return View{}, errOutOfTurn
	}
	if q.late(r.MailboxCode) {
		return View{}, errCodeExpired // not a try: there is nothing to guess
	}
	code, err := q.store.TakeMailboxTry(ctx, r.ID, maxTries)
	if lost(err) {
		return View{}, q.notIn(ctx, r.ID)
	}
	if err != nil {
		return View{}, fmt.Errorf("take try: %w", err)
	}
	if err := q.judge(ctx, r, code, hash); err != nil {
		return View{}, q.countWrongCode(ctx, err)
	}
	err = q.store.ProveMailbox(ctx, r.ID, hash, q.now())
	if lost(err) {
		return View{}, q.notIn(ctx, r.ID)
	}
	if err != nil {
		return View{}, fmt.Errorf("record mailbox proof: %w", err)
	}
	r.State = Proven
	return q.view(r), nil
}

// judge compares a code on which a try was just taken. The last wrong try ends
// the request.
func (q *Requests) judge(ctx context.Context, r Request, c Code, hash []byte) error {
	if q.late(&c) {
		return errCodeExpired
	}
	if subtle.ConstantTimeCompare(c.Hash, hash) == 1 {
		return nil
	}
	if c.Tries < maxTries {
		return errCodeWrong
	}
	if err := q.store.EndRequest(ctx, r.ID, Refused); err != nil && !lost(err) {
		return fmt.Errorf("refuse request: %w", err)
	}
	return errRefused
}

func (q *Requests) late(c *Code) bool { return c != nil && !q.now().Before(c.ExpiresAt) }

func (q *Requests) mailboxCodeHash(r Request, digits string) []byte {
	return q.vault.CodeHash("mailbox-code", r.ID, digits)
}

// stopURL is the link of a mail that stops others like it. It carries the keyed hash
// of the mailbox, sealed: it names nobody, and nobody else can make one.
func stopURL(v Vault, issuer string, mailboxKey []byte) string {
	return issuer + "/request/stop/" + base64.RawURLEncoding.EncodeToString(v.Seal(sealStop, mailboxKey))
}

// StopMail keeps code mails and reminders from the mailbox of a stop link for 30 days.
func (q *Requests) StopMail(ctx context.Context, stopToken string) error {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(stopToken)
	if err != nil {
		return errStopLink
	}
	key, err := q.vault.Open(sealStop, sealed)
	if err != nil {
		return errStopLink.Because(err)
	}
	return q.store.StopMail(ctx, key, q.now().Add(stopLifetime))
}
