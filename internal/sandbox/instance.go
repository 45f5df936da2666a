package sandbox

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Bounds of the instance's HTTP server.
const (
	maxBody     = 64 << 10
	maxHeader   = 16 << 10
	headerTime  = 5 * time.Second
	requestTime = 10 * time.Second
	idleTime    = 30 * time.Second
	graceTime   = time.Second // how long Close lets running requests end
)

// InstanceOptions say how an instance is set up. The zero value is an instance
// at http://social.localhost:PORT on a free port.
type InstanceOptions struct {
	// Listener accepts the connections (default: 127.0.0.1, a free port). To
	// speak TLS, give a tls.Listener and a BaseURL with https. It is closed
	// by Close.
	Listener net.Listener
	// BaseURL is the origin under which the instance lives, without a path:
	// its host is Mastodon's WEB_DOMAIN. Requests for other hosts are refused.
	BaseURL string
	// LocalDomain is the host that handles name, if it is another than
	// BaseURL's. Without a port it takes BaseURL's. On that host only WebFinger
	// and host-meta answer, with a redirect, as Mastodon's manual has it.
	LocalDomain string
	// LDJSONOnly makes WebFinger offer the actor as application/ld+json with
	// the ActivityStreams profile, as some servers do, and nothing else.
	LDJSONOnly bool
	// LimitApps enforces Mastodon's limit on registering applications: 5 in
	// 10 minutes from one address.
	LimitApps bool
	// Client fetches the actors who sign their requests, and its transport the
	// pages that profiles link to (default: [LoopbackClient]).
	Client *http.Client
	// Mailbox, if given, is shown at [Instance.MailURL].
	Mailbox *Mailbox
	// Now is the clock (default: time.Now).
	Now func() time.Time
}

// Instance is a running fediverse server.
type Instance struct {
	base        string // origin, without a trailing slash
	webDomain   string // host and port of base
	localDomain string // host and port that handles name
	mailDomain  string // host and port of the mailbox's page; "" without one
	mailPages   http.Handler
	ldJSONOnly  bool
	now         func() time.Time
	signatures  *signatures
	links       *linkChecker
	visits      *visits
	appLimit    *limiter // nil: no limit
	server      *http.Server
	served      chan struct{}

	mu       sync.Mutex
	secure   bool
	faults   map[string]int      // path → status
	accounts map[string]*Account // by lower-case username
	lastID   int64
	apps     map[string]*app
	grants   map[string]*grant
	tokens   map[string]*accessToken
}

// StartInstance starts an instance. Its errors are those of listening and of
// options that make no sense.
func StartInstance(o InstanceOptions) (*Instance, error) {
	listener := o.Listener
	if listener == nil {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("listen for the instance: %w", err)
		}
	}
	i, err := newInstance(o, listener.Addr())
	if err != nil {
		listener.Close()
		return nil, err
	}
	go func() {
		defer close(i.served)
		i.server.Serve(listener) // returns http.ErrServerClosed at Close
	}()
	return i, nil
}

func newInstance(o InstanceOptions, addr net.Addr) (*Instance, error) {
	if o.BaseURL == "" {
		_, port, err := net.SplitHostPort(addr.String())
		if err != nil {
			return nil, fmt.Errorf("port of the instance: %w", err)
		}
		o.BaseURL = "http://social.localhost:" + port
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.User != nil {
		return nil, fmt.Errorf("base URL %q is not an origin", o.BaseURL)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = LoopbackClient()
	}
	i := &Instance{
		base:        base.Scheme + "://" + base.Host,
		webDomain:   base.Host,
		localDomain: withPort(o.LocalDomain, base),
		ldJSONOnly:  o.LDJSONOnly,
		now:         o.Now,
		signatures:  newSignatures(o.Client, o.Now),
		visits:      newVisits(o.Now),
		served:      make(chan struct{}),
		faults:      map[string]int{},
		accounts:    map[string]*Account{},
		apps:        map[string]*app{},
		grants:      map[string]*grant{},
		tokens:      map[string]*accessToken{},
	}
	i.links = newLinkChecker(o.Client, i.base)
	if o.Mailbox != nil {
		i.mailDomain, i.mailPages = withPort("mail.localhost", base), o.Mailbox.Web()
	}
	if o.LimitApps {
		i.appLimit = newLimiter(5, 10*time.Minute)
	}
	i.server = &http.Server{
		Handler:           i.hosts(i.routes()),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      requestTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	return i, nil
}

// withPort completes a local domain with the base URL's port; an empty one is
// the base URL's host.
func withPort(domain string, base *url.URL) string {
	switch {
	case domain == "":
		return base.Host
	case strings.Contains(domain, ":") || base.Port() == "":
		return domain
	}
	return net.JoinHostPort(domain, base.Port())
}

func (i *Instance) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/webfinger", i.webfinger)
	mux.HandleFunc("GET /.well-known/host-meta", i.hostMeta)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", i.metadata)
	mux.HandleFunc("GET /ap/users/{id}", i.actorByID)
	mux.HandleFunc("GET /{$}", i.home)
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /{profile}", i.profile)
	mux.HandleFunc("GET /auth/sign_in", i.signInForm)
	mux.HandleFunc("POST /auth/sign_in", i.startVisit)
	mux.HandleFunc("POST /auth/sign_out", i.endVisit)
	mux.HandleFunc("GET /settings/profile", i.editProfile)
	mux.HandleFunc("POST /settings/profile", i.saveProfile)
	mux.HandleFunc("POST /api/v1/apps", i.registerApp)
	mux.HandleFunc("GET /api/v1/accounts/verify_credentials", i.verifyCredentials)
	mux.HandleFunc("PATCH /api/v1/accounts/update_credentials", i.updateCredentials)
	mux.HandleFunc("GET /api/v1/accounts/{id}", i.showAccount)
	mux.HandleFunc("GET /api/v1/instance", i.instanceV1)
	mux.HandleFunc("GET /api/v2/instance", i.instanceV2)
	mux.HandleFunc("GET /oauth/authorize", i.authorization)
	mux.HandleFunc("POST /oauth/authorize", i.authorize)
	mux.HandleFunc("POST /oauth/token", i.token)
	mux.HandleFunc("POST /oauth/revoke", i.revoke)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		i.refuse(w, r, http.StatusNotFound, "Record not found")
	})
	return mux
}

// hosts lets only the instance's own names through, and applies the faults.
func (i *Instance) hosts(web http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		switch {
		case strings.EqualFold(r.Host, i.webDomain):
			if status := i.fault(r.URL.Path); status != 0 {
				writeError(w, status, http.StatusText(status))
				return
			}
			web.ServeHTTP(w, r)
		case strings.EqualFold(r.Host, i.localDomain):
			i.localHost(w, r)
		case i.mailPages != nil && strings.EqualFold(r.Host, i.mailDomain):
			i.mailPages.ServeHTTP(w, r)
		default: // as Rails' host authorisation does
			writeError(w, http.StatusForbidden, "Blocked host")
		}
	})
}

// BaseURL is the instance's origin, without a trailing slash.
func (i *Instance) BaseURL() string { return i.base }

// MailURL is the address of the mailbox's page: a host of its own, so that it
// shares no cookies with the instance. It is "" without a mailbox.
func (i *Instance) MailURL() string {
	if i.mailPages == nil {
		return ""
	}
	scheme, _, _ := strings.Cut(i.base, ":")
	return scheme + "://" + i.mailDomain
}

// LocalDomain is the host, with its port if there is one, that handles name.
func (i *Instance) LocalDomain() string { return i.localDomain }

// SetSecureMode switches authorized fetch: whether an actor's JSON is given
// only to whoever signs the request.
func (i *Instance) SetSecureMode(on bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.secure = on
}

// Fail makes every request for a path answer with a status, until it is called
// again with status 0: Fail("/oauth/revoke", 503).
func (i *Instance) Fail(path string, status int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults[path] = status
}

func (i *Instance) fault(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.faults[path]
}

// Close lets running requests end, for a second at most, and stops the server.
func (i *Instance) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	err := i.server.Shutdown(ctx)
	if err != nil {
		err = i.server.Close()
	}
	<-i.served
	return err
}
