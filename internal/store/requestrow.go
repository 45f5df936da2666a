package store

import "cocarde.example/attest"

const requestColumns = `id, purpose, badge_id, token_hash, state, actor_id, actor_url, actor_host, handle, mailbox, mailbox_key,
	agency_domain, agency_name, agency_country, lang, listed, method, created_at, expires_at, sign_ins,
	account_code, account_code_expires_at, account_code_tries, account_proof_at,
	mailbox_code, mailbox_code_expires_at, mailbox_code_tries, codes_sent, mailbox_proof_at, jti, mail_error`

func scanRequest(q queries, where, id string) (r attest.Request, err error) {
	var codes requestCodes
	if err = q.row(`SELECT `+requestColumns+` FROM requests `+where, args(id), intoRequest(&r, &codes)...); err != nil {
		return attest.Request{}, err
	}
	codes.into(&r)
	return r, nil
}

func scanRequests(q queries, where string, a ...any) (all []attest.Request, err error) {
	err = q.each(`SELECT `+requestColumns+` FROM requests `+where, a, func(row scanner) error {
		var r attest.Request
		var codes requestCodes
		err := row.Scan(intoRequest(&r, &codes)...)
		codes.into(&r)
		all = append(all, r)
		return err
	})
	return all, err
}

func intoRequest(r *attest.Request, c *requestCodes) []any {
	return []any{&r.ID, &r.Purpose, &r.BadgeID, &r.TokenHash, &r.State, &r.Actor.ID, &r.Actor.URL, host{&r.Actor.Host}, handle{&r.Actor.Handle},
		&r.Mailbox, &r.MailboxKey, &r.Agency.Domain, &r.Agency.Name, &r.Agency.Country, &r.Lang, &r.Listed, &r.Method,
		moment{&r.CreatedAt}, moment{&r.ExpiresAt}, &r.SignIns,
		&c.account.Hash, moment{&c.account.ExpiresAt}, &c.account.Tries, moment{&r.AccountProofAt},
		&c.mailbox.Hash, moment{&c.mailbox.ExpiresAt}, &c.mailbox.Tries, &r.CodesSent, moment{&r.MailboxProofAt}, &r.JTI, &r.MailError}
}

// requestCodes are columns that are NULL where a request has no such code.
type requestCodes struct{ account, mailbox attest.Code }

func (c *requestCodes) into(r *attest.Request) {
	if c.account.Hash != nil {
		r.AccountCode = &c.account
	}
	if c.mailbox.Hash != nil {
		r.MailboxCode = &c.mailbox
	}
}
