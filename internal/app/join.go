package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	cocarde "cocarde.example"
	"cocarde.example/api"
	"cocarde.example/attest"
	"cocarde.example/internal/agency"
	"cocarde.example/internal/config"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/fediverse"
	"cocarde.example/internal/front"
	"cocarde.example/internal/jobs"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/mail"
	"cocarde.example/internal/published"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/statuslist"
	"cocarde.example/internal/web"
	"cocarde.example/verify"
)

// parts are the rooms that need no database.
type parts struct {
	sender   *mail.Sender // nil without a mail server
	holder   string       // names this server among those on its database
	agencies *agency.Registry
	pages    *web.Pages
}

func (p *parts) make(c config.Config) (err error) {
	if p.agencies, err = agency.Builtin(); err == nil {
		p.pages, err = web.NewPages(cocarde.Contract, look(c))
	}
	return err
}

// join makes every other room and gives each what it needs.
func (a *App) join(id identity, p parts, o Options) error {
	board := statuslist.NewBoard(a.store, o.Now)
	ring, err := keyring.New(a.store, id.data.Sealing, id.ring)
	if err != nil {
		return err
	}
	source := &own{origin: id.origin, board: board}
	if err := ring.Follow(source.follow); err != nil {
		return err
	}
	verifier := ownVerifier{verify.New(verify.Config{Source: source, Now: o.Now})}
	instances := newFediverse(a, id, o)
	requests := newRequests(a, id, o, requestParts{p.agencies, instances, ring, verifier, p.sender != nil})
	courier := &jobs.Courier{Store: a.store, Vault: vault{id.data}, Revoker: instances, Now: o.Now, Log: o.Log}
	if p.sender != nil {
		courier.Mailer = p.sender
	}
	notices := newNotices(id, o.Config, o.Now)
	a.runner = jobs.New(jobs.Config{
		Store: a.store, Board: board, Mailboxes: o.Config.Mailbox(), Holder: p.holder, Now: o.Now, Log: o.Log,
		Publisher: statuslist.NewPublisher(a.store, board, ring, id.origin, o.Now),
		Keys:      ring, Keeper: newKeeper(a.store, id, ring, notices, o.Log),
		Reminder: attest.NewReminders(a.store, notices, o.Log),
		Courier:  courier,
	})
	return a.mount(id, p, o, ring, requests, verifier)
}

// mount makes the HTTP side.
func (a *App) mount(id identity, p parts, o Options, ring *keyring.Keyring, requests *attest.Requests, verifier ownVerifier) error {
	shelf := published.NewShelf(published.Issuer{Origin: id.origin, ActorPEM: id.actor.PublicPEM()}, a.store, o.Now)
	if err := ring.Follow(shelf.Follow); err != nil {
		return err
	}
	problems := api.NewProblems(o.Log, p.pages.ErrorPage, o.Now)
	badges := attest.NewBadges(a.store, vault{id.data}, o.Now)
	calls := api.New(api.Config{
		Issuer: id.origin, Requests: requests, Badges: badges,
		Verifier: verifier, Artefacts: artefacts{shelf}, Agencies: p.agencies, Health: health{a},
		Contract: cocarde.Contract, Problems: problems, Now: o.Now,
	})
	views := web.New(web.Config{
		Issuer: id.origin, Requests: requests, Beginnings: requests, Way: requests, Badges: badges, Issued: badges,
		Verifier: verifier, Agencies: p.agencies, Sealer: vault{id.data}, Painter: newPainter(o.Config.Look()),
		Pages: p.pages, Refuse: problems.Write, Now: o.Now,
	})
	a.server = front.Server(front.New(front.Options{
		Log: o.Log, Issuer: id.origin, TrustedProxies: o.Config.Proxies(), Problem: problems.Front, Now: o.Now,
	}, slices.Concat(calls.Routes(), views.Routes())...), o.Log)
	return nil
}

func newFediverse(a *App, id identity, o Options) *fediverse.Client {
	policy := o.Outbound
	policy.UserAgent = safehttp.UserAgent(o.Version, id.origin)
	if o.Config.Resolver != "" {
		policy.Resolver = resolverAt(o.Config.Resolver)
	}
	return fediverse.New(fediverse.Config{
		HTTP: safehttp.New(policy), Apps: a.store, Vault: vault{id.data}, Key: id.actor,
		KeyID: published.KeyID(id.origin), Name: o.Config.Name, Website: id.origin,
		Loopback: policy.AllowLoopback, Now: o.Now,
	})
}

// resolverAt asks one DNS server for everything.
func resolverAt(server string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}}
}

// requestParts are the rooms that requests need beside the store and the keys.
type requestParts struct {
	agencies  *agency.Registry
	instances *fediverse.Client
	ring      *keyring.Keyring
	checker   attest.Checker
	mail      bool
}

func newRequests(a *App, id identity, o Options, p requestParts) *attest.Requests {
	limits := attest.DefaultLimits()
	if o.Limits != nil {
		limits = *o.Limits
	}
	return attest.NewRequests(attest.RequestsConfig{
		Issuer: id.origin, Store: newReserving(a.store, a.record), Vault: vault{id.data}, Fediverse: p.instances, Profiles: p.instances,
		Mailboxes: mail.NewMailboxes(o.Config.Resolver), Agencies: p.agencies, Signer: p.ring, Checker: p.checker,
		Pseudonyms: newPseudonyms(id.data.VRF), Limits: limits, Validity: attest.DefaultValidity, Mail: p.mail, Closes: o.Config.Closing(),
		Now: o.Now, Log: o.Log,
	})
}

// newSender gives the way to the mail server, nil without one.
func newSender(origin string, o Options) (*mail.Sender, error) {
	if o.Config.SMTPURL == "" {
		o.Log.Warn("no mail server: set COCARDE_SMTP_URL; until then requests are refused")
		return nil, nil
	}
	password, err := readPassword(o.Config.SMTPPasswordFile)
	if err != nil {
		return nil, err
	}
	return mail.NewSender(mail.Config{
		URL: o.Config.SMTPURL, Password: password, From: o.Config.Sender(origin), Name: o.Config.Name,
		Contact: o.Config.Look().ContactText(), Issuer: origin, RootCAs: o.MailRoots, Now: o.Now,
	})
}

// errSetting is the refusal of a setting that its text names.
func errSetting(err error) error {
	return fault.New(fault.Invalid, "setting_unusable", err.Error())
}

// readPassword reads the file that holds the mail server's password, if there is one.
func readPassword(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("COCARDE_SMTP_PASSWORD_FILE: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
