package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"cocarde.example/internal/acct"
	"cocarde.example/internal/locale"
	"cocarde.example/internal/retention"
)

// Config is every setting, under the name that file and environment use. An
// empty one has its default.
type Config struct {
	// Addr is where serve listens; port 0 takes a free one. Default 127.0.0.1:8080.
	Addr string `koanf:"COCARDE_ADDR"`
	// URL is the issuer's public origin: what attestations name for ever. Default
	// http:// and Addr; elsewhere than on loopback it must be https.
	URL string `koanf:"COCARDE_URL"`
	// DataDir holds the database and the secret file. Default ./cocarde-data.
	DataDir string `koanf:"COCARDE_DATA_DIR"`
	// Database is the path of a SQLite file, or the URL of a PostgreSQL database:
	// postgres://user@host:5432/name, with libpq's parameters (sslmode, sslrootcert,
	// passfile and so on) and pool_max_conns, how many connections one process may
	// have. Default cocarde.db in DataDir.
	Database string `koanf:"COCARDE_DATABASE"`
	// SecretFile wraps every key in the database. Default secret in DataDir; better
	// a place that no backup of the database reaches.
	SecretFile string `koanf:"COCARDE_SECRET_FILE"`
	// PublishedDir holds the record of what was published, from which a restored
	// database learns what happened since its backup. All servers on a database share
	// it. Default published in DataDir.
	PublishedDir string `koanf:"COCARDE_PUBLISHED_DIR"`
	// SMTPURL is the mail server: smtp://[user@]host[:port] (STARTTLS) or
	// smtps://[user@]host[:port] (TLS). Without it no mailbox can be proven.
	SMTPURL string `koanf:"COCARDE_SMTP_URL"`
	// SMTPPasswordFile holds the password of the user in SMTPURL.
	SMTPPasswordFile string `koanf:"COCARDE_SMTP_PASSWORD_FILE"`
	// MailFrom is the sender of mails. Default cocarde@ and the host of URL.
	MailFrom string `koanf:"COCARDE_MAIL_FROM"`
	// Resolver is the DNS server, host:port. Default: those of /etc/resolv.conf.
	Resolver string `koanf:"COCARDE_RESOLVER"`
	// TrustedProxies are addresses or prefixes, separated by commas, whose
	// X-Forwarded-For is believed. Default: none.
	TrustedProxies string `koanf:"COCARDE_TRUSTED_PROXIES"`
	// Name is what the issuer calls itself, on pages and in mails. Default Cocarde.
	Name string `koanf:"COCARDE_NAME"`
	// Colours are those of the rosette, three as #rrggbb, separated by commas: its
	// edge, its ring and its heart. The first is that of links too. Their contrast
	// is checked. Default: sober ones.
	Colours string `koanf:"COCARDE_COLOURS"`
	// Logo is a PNG file of at most 100 KiB, shown in place of the rosette at the
	// head of pages.
	Logo string `koanf:"COCARDE_LOGO"`
	// LegalFile is the legal notice in plain text: empty lines part paragraphs, "# "
	// begins a heading. FILE.fr beside it is for readers of French, and so on.
	LegalFile string `koanf:"COCARDE_LEGAL_FILE"`
	// Lang is the language of readers whose browser or program asks for none that there
	// are texts in, such as instances that preview a link. Default en.
	Lang string `koanf:"COCARDE_LANG"`
	// Contact is a mail address or an https:// URL, for whoever has a question.
	Contact string `koanf:"COCARDE_CONTACT"`
	// Closes is the day on which the issuer closes, as 2027-06-30. Once it is set, no new
	// request is taken and no badge renewed, and pages and mails name the day; from that
	// day on nothing is issued. Default: it does not close.
	Closes string `koanf:"COCARDE_CLOSES"`
	// MailboxDays is for how many days the mailbox of a badge is kept once that has
	// ended: 1 to 3650. Default 365.
	MailboxDays string `koanf:"COCARDE_MAILBOX_DAYS"`

	proxies []netip.Prefix
	ownDir  bool
	look    Look
	mailbox time.Duration
	closing time.Time
}

// Origin is the issuer's origin. On a free port it is known only once the
// listener stands: pass its address.
func (c Config) Origin(listening string) string {
	if c.URL != "" {
		return c.URL
	}
	return "http://" + listening
}

// Sender is the address that mails come from, for an issuer.
func (c Config) Sender(origin string) string {
	if c.MailFrom != "" {
		return c.MailFrom
	}
	host := "localhost"
	if u, err := url.Parse(origin); err == nil {
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			host = u.Hostname()
		}
	}
	return "cocarde@" + host
}

// DataDirGiven says whether DataDir was set, and is not the default.
func (c Config) DataDirGiven() bool { return c.ownDir }

// Proxies are the parsed TrustedProxies.
func (c Config) Proxies() []netip.Prefix { return slices.Clone(c.proxies) }

// Mailbox is for how long the mailbox of an ended badge is kept, in whole days.
func (c Config) Mailbox() time.Duration { return c.mailbox }

// Closing is when the issuer closes: the beginning of a day in UTC, zero if it does not.
func (c Config) Closing() time.Time { return c.closing }

// Look is how the issuer presents itself, as the settings say.
func (c Config) Look() Look { return c.look }

// complete fills in the defaults and checks every setting.
func (c Config) complete() (Config, error) {
	fill := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	c.ownDir = c.DataDir != ""
	fill(&c.Addr, "127.0.0.1:8080")
	fill(&c.DataDir, "cocarde-data")
	fill(&c.Database, filepath.Join(c.DataDir, "cocarde.db"))
	fill(&c.SecretFile, filepath.Join(c.DataDir, "secret"))
	fill(&c.PublishedDir, filepath.Join(c.DataDir, "published"))
	fill(&c.Name, defaultName)
	fill(&c.Colours, defaultColours)
	fill(&c.Lang, locale.Default)
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return c, fmt.Errorf("COCARDE_ADDR: %q is not host:port", c.Addr)
	}
	if c.URL == "" && !onLoopback(host) {
		return c, fmt.Errorf("COCARDE_URL: must be set when COCARDE_ADDR is not on loopback: it is the https:// origin that attestations name")
	}
	if err := checkOrigin(c.URL); err != nil {
		return c, err
	}
	if err := checkDatabase(c.Database); err != nil {
		return c, err
	}
	if c.Resolver != "" {
		if _, _, err := net.SplitHostPort(c.Resolver); err != nil {
			return c, fmt.Errorf("COCARDE_RESOLVER: %q is not host:port", c.Resolver)
		}
	}
	if c.proxies, err = prefixes(c.TrustedProxies); err != nil {
		return c, err
	}
	if !locale.Known(c.Lang) {
		return c, fmt.Errorf("COCARDE_LANG: there are no texts in %q; the languages are %s", c.Lang, strings.Join(locale.Languages(), ", "))
	}
	if c.mailbox, err = mailboxDays(c.MailboxDays); err != nil {
		return c, err
	}
	if c.closing, err = closingDay(c.Closes); err != nil {
		return c, err
	}
	c.look, err = c.readLook()
	return c, err
}

// checkOrigin accepts scheme and host alone: what attestations are signed with
// must have one spelling.
func checkOrigin(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || s != u.Scheme+"://"+u.Host || s != strings.ToLower(s) {
		return fmt.Errorf("COCARDE_URL: %q is not an origin; write it like https://cocarde.example.org, in lower case, with nothing after the host", s)
	}
	if !onLoopback(u.Hostname()) {
		if h, err := acct.ParseHost(u.Hostname()); err != nil || h.String() != u.Hostname() {
			return fmt.Errorf("COCARDE_URL: %q has no host name as the DNS spells it: A-labels, at least two, no address, no dot at the end", s)
		}
	}
	if err := checkPort(u); err != nil {
		return err
	}
	if u.Scheme == "https" || u.Scheme == "http" && onLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("COCARDE_URL: %q must be https (http is for loopback only)", s)
}

// checkPort refuses a port that is none, and one that goes without saying.
func checkPort(u *url.URL) error {
	if u.Host == u.Hostname() || u.Host == "["+u.Hostname()+"]" {
		return nil
	}
	n, err := strconv.Atoi(u.Port())
	if err != nil || n < 1 || n > 65535 || u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80 {
		return fmt.Errorf("COCARDE_URL: %q has a port that is none or that goes without saying; leave it out", u.Scheme+"://"+u.Host)
	}
	return nil
}

// mailboxDays reads a number of days.
func mailboxDays(s string) (time.Duration, error) {
	if s == "" {
		return retention.Mailbox, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 3650 {
		return 0, fmt.Errorf("COCARDE_MAILBOX_DAYS: %q is not a number of days from 1 to 3650", s)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// closingDay reads a day. One of another century is a slip, which agents would be told.
func closingDay(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil || day.Year()/100 != 20 {
		return time.Time{}, fmt.Errorf("COCARDE_CLOSES: %q is not a day of this century, written like 2027-06-30", s)
	}
	return day, nil
}

func onLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func prefixes(list string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for s := range strings.SplitSeq(list, ",") {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if a, addrErr := netip.ParseAddr(s); addrErr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("COCARDE_TRUSTED_PROXIES: %q is neither an address nor a prefix", s)
		}
		out = append(out, p)
	}
	return out, nil
}
