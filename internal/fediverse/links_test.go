package fediverse

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/safehttp"
	"cocarde.example/internal/sandbox"
)

var _ attest.Profiles = (*Client)(nil)

const badge = "https://cocarde.example.org/b/7k3m9q2x8w4d"

// profileOf is the actor of a sandbox's account, as it was resolved.
func profileOf(t *testing.T, w world, a *sandbox.Account) attest.Actor {
	t.Helper()
	who, err := w.Resolve(t.Context(), handle(t, a.Handle()))
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// counted is a sighting without the links themselves.
func counted(s attest.Sighting) attest.Sighting {
	s.Links = nil
	return s
}

func TestFindLinkOnMastodon(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"open": false, "secure": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, a := instance(t, sandbox.InstanceOptions{})
			i.SetSecureMode(secure)
			w := newWorld(t)
			who := profileOf(t, w, a)
			look := func(want attest.Sighting, fields ...sandbox.Field) {
				t.Helper()
				if err := a.SetFields(fields...); err != nil {
					t.Fatal(err)
				}
				got, err := w.FindLink(t.Context(), who, badge)
				if err != nil || !reflect.DeepEqual(counted(got), want) {
					t.Errorf("got %+v, %v (%v), want %+v", got, err, errors.Unwrap(err), want)
				}
			}
			found := attest.Sighting{Found: true, Where: attest.InAttachment, FieldLinks: 1}
			look(attest.Sighting{PageRead: true})
			look(found, sandbox.Field{Name: "Cocarde", Value: badge})
			look(attest.Sighting{FieldLinks: 1, HeadLinks: 1, PageRead: true}, sandbox.Field{Name: "Cocarde", Value: badge + "/"})
			look(attest.Sighting{PageRead: true}, sandbox.Field{Name: "Cocarde", Value: "see " + badge})
			found.FieldLinks = 2
			look(found, sandbox.Field{Name: "Web", Value: "https://marie.example/"}, sandbox.Field{Name: "Cocarde", Value: badge})
		})
	}
}

// TestFindLinkSeesTheAccountAsItIs: what has become of it since it was resolved.
func TestFindLinkSeesTheAccountAsItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*sandbox.Instance, *sandbox.Account)
		want   *fault.Error
	}{
		"deleted":   {func(_ *sandbox.Instance, a *sandbox.Account) { a.Delete() }, ErrHandleGone},
		"suspended": {func(_ *sandbox.Instance, a *sandbox.Account) { a.SetSuspended(true) }, ErrSuspended},
		"moved":     {func(_ *sandbox.Instance, a *sandbox.Account) { a.SetMovedTo("https://b.example/1") }, ErrMoved},
		"failing":   {func(i *sandbox.Instance, a *sandbox.Account) { i.Fail("/ap/users/"+a.ID(), 502) }, ErrInstance},
		"not there": {func(i *sandbox.Instance, a *sandbox.Account) { i.Fail("/ap/users/"+a.ID(), 404) }, ErrHandleNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, a := instance(t, sandbox.InstanceOptions{})
			if err := a.SetFields(sandbox.Field{Name: "Cocarde", Value: badge}); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t)
			who := profileOf(t, w, a)
			c.change(i, a)
			if got, err := w.FindLink(t.Context(), who, badge); !errors.Is(err, c.want) || got.Found {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestFindLinkInHostileProfiles goes through what servers and strangers write.
// BADGE stands for the link.
func TestFindLinkInHostileProfiles(t *testing.T) {
	t.Parallel()
	const (
		none    = `,"url":"http://GOOD/@alice"`
		profile = "GOOD /@alice"
		me      = `<link rel="me" href="BADGE">`
	)
	placed := strings.ReplaceAll(me, "BADGE", badge)
	field := func(value string) string {
		return `,"url":"http://GOOD/@alice","attachment":[{"type":"PropertyValue","name":"x","value":` + strconv.Quote(value) + `}]`
	}
	head := func(text string) site { return site{profile: {kind: "text/html; charset=utf-8", text: text}} }
	inField := func(links int) attest.Sighting {
		return attest.Sighting{Found: true, Where: attest.InAttachment, FieldLinks: links}
	}
	inHead := func(links int) attest.Sighting {
		return attest.Sighting{Found: true, Where: attest.InHead, HeadLinks: links, PageRead: true}
	}
	unseen := attest.Sighting{PageRead: true}
	other := attest.Sighting{FieldLinks: 1, PageRead: true}
	unread := attest.Sighting{}
	for name, c := range map[string]struct {
		actor string
		site  site
		want  attest.Sighting
	}{
		"Mastodon": {actor: field(`<a href="BADGE" target="_blank" rel="nofollow noopener me" translate="no"><span class="invisible">https://</span>` +
			`<span class="ellipsis">cocarde.example.org/b/7k3m9</span><span class="invisible">q2x8w4d</span></a>`), want: inField(1)},
		"GoToSocial":          {actor: field(`<a href="BADGE" rel="nofollow noreferrer noopener" target="_blank">BADGE</a>`), want: inField(1)},
		"Misskey":             {actor: field(`<a href="BADGE" rel="me nofollow noopener" target="_blank">BADGE</a>`), want: inField(1)},
		"plain text":          {actor: field(` BADGE `), want: inField(1)},
		"text in capitals":    {actor: field(`HTTPS://COCARDE.example.org/b/7k3m9q2x8w4d`), want: inField(1)},
		"text, mixed case":    {actor: field(`Https://cocarde.example.org/b/7k3m9q2x8w4d`), want: inField(1)},
		"text in a paragraph": {actor: field(`<p>BADGE</p>`), want: inField(1)},
		"entities":            {actor: field(`<A HREF='https&#58;//cocarde.example.org&#x2f;b/7k3m9q2x8w4d'>x</A>`), want: inField(1)},
		"host in capitals":    {actor: field(`<a href="HTTPS://Cocarde.Example.ORG/b/7k3m9q2x8w4d">x</a>`), want: inField(1)},
		"two links in one":    {actor: field(`<a href="https://a.example/">a</a> <a href="BADGE">b</a>`), want: inField(2)},
		"one object":          {actor: none + `,"attachment":{"type":"PropertyValue","name":"x","value":"BADGE"}`, want: inField(1)},
		"type as an array":    {actor: none + `,"attachment":[{"type":["PropertyValue"],"value":"BADGE"}]`, want: inField(1)},
		"among rubbish":       {actor: none + `,"attachment":[null,7,"BADGE",{"type":"PropertyValue","value":7},{"type":"PropertyValue","value":"BADGE"}]`, want: inField(1)},

		"path in capitals":           {actor: field(`<a href="https://cocarde.example.org/B/7k3m9q2x8w4d">x</a>`), site: head(""), want: other},
		"slash":                      {actor: field(`<a href="BADGE/">x</a>`), site: head(""), want: other},
		"query":                      {actor: field(`<a href="BADGE?x">BADGE</a>`), site: head(""), want: other},
		"other address behind it":    {actor: field(`<a href="https://evil.example/">BADGE</a>`), site: head(""), want: other},
		"text of another scheme":     {actor: field(`xhttps://cocarde.example.org/b/7k3m9q2x8w4d`), site: head(""), want: unseen},
		"anchor without address":     {actor: field(`<a>BADGE</a>`), site: head(""), want: unseen},
		"in a comment":               {actor: field(`<!-- <a href="BADGE">x</a> -->`), site: head(""), want: unseen},
		"in a sentence":              {actor: field(`my badge: BADGE`), site: head(""), want: unseen},
		"in the name":                {actor: none + `,"attachment":[{"type":"PropertyValue","name":"BADGE","value":"x"}]`, site: head(""), want: unseen},
		"attachment of another type": {actor: none + `,"attachment":[{"type":"Link","href":"BADGE","value":"BADGE"},{"value":"BADGE"}]`, site: head(""), want: unseen},
		"in the summary":             {actor: none + `,"summary":"BADGE","tag":[{"type":"PropertyValue","value":"BADGE"}]`, site: head(""), want: unseen},
		"attachment of an image":     {actor: none + `,"icon":{"attachment":[{"type":"PropertyValue","value":"BADGE"}]}`, site: head(""), want: unseen},

		"head":                 {actor: none, site: head(`<!DOCTYPE html><html><head><meta charset=utf-8><title>a</title>` + me + `</head><body>`), want: inHead(1)},
		"no tags around":       {actor: none, site: head("\ufeff" + me), want: inHead(1)},
		"among others":         {actor: none, site: head(`<link rel="me" href="https://a.example"><link rel=stylesheet href=x><link rel=me><link rel="nofollow ME" href=BADGE />`), want: inHead(2)},
		"after raw text":       {actor: none, site: head(`<title></head><body></title><script>"<body>"</script><style>a{}</style>` + me), want: inHead(1)},
		"head without an end":  {actor: none, site: head(`<head>` + me), want: inHead(1)},
		"redirect on the host": {actor: none, site: site{profile: redirect(302, "/people/alice"), "GOOD /people/alice": {kind: "text/html", text: me}}, want: inHead(1)},
		"endless body":         {actor: none, site: site{profile: endless("text/html", placed+"<body>", "<p>reply")}, want: inHead(1)},

		"a stranger's reply":             {actor: none, site: head(`<head><title>a</title></head><body><p><a rel="me" href="BADGE">x</a>` + me), want: unseen},
		"reply, head never closed":       {actor: none, site: head(`<head><title>a</title><p>` + me + `<a rel="me" href="BADGE">x</a>`), want: unseen},
		"reply, closes and opens a head": {actor: none, site: head(`<head></head><body></body></html><html><head>` + me), want: unseen},
		"body without tag":               {actor: none, site: head(`<title>a</title>hello ` + me), want: unseen},
		"anchor in the head":             {actor: none, site: head(`<head><a rel="me" href="BADGE">x</a>`), want: unseen},
		"head in a comment":              {actor: none, site: head(`<head><!-- ` + me + ` --></head>`), want: unseen},
		"head in an open comment":        {actor: none, site: head(`<head><!-- ` + me), want: unseen},
		"head in a title":                {actor: none, site: head(`<title>` + me + `</title>`), want: unseen},
		"head in an open title":          {actor: none, site: head(`<title>` + me), want: unseen},
		"head in noscript":               {actor: none, site: head(`<noscript>` + me + `</noscript>`), want: unseen},
		"head in a template":             {actor: none, site: head(`<template>` + me + `</template>`), want: unseen},
		"head in svg":                    {actor: none, site: head(`<svg>` + me + `</svg>`), want: unseen},
		"head in a script":               {actor: none, site: head(`<script>` + me + `</script>`), want: unseen},
		"rel without me":                 {actor: none, site: head(`<link rel="some" href="BADGE"><link rel="alternate" href="BADGE"><link href="BADGE">`), want: unseen},
		"rel given twice":                {actor: none, site: head(`<link rel="alternate" rel="me" href="BADGE">`), want: unseen},
		"cut in the link":                {actor: none, site: head(`<head><link rel="me" href="BADGE"`), want: unseen},
		"other link":                     {actor: none, site: head(`<link rel="me" href="BADGE/">`), want: attest.Sighting{HeadLinks: 1, PageRead: true}},

		"page is JSON":              {actor: none, site: site{profile: {kind: "application/json", text: me}}, want: unread},
		"page is an upload":         {actor: none, site: site{profile: {kind: "application/octet-stream", text: me}}, want: unread},
		"page is XHTML":             {actor: none, site: site{profile: {kind: "application/xhtml+xml", text: me}}, want: unread},
		"page without media type":   {actor: none, site: site{profile: {text: me}}, want: unread},
		"page in another charset":   {actor: none, site: site{profile: {kind: "text/html; charset=iso-2022-jp", text: me}}, want: unread},
		"page is not found":         {actor: none, site: site{profile: {status: 404, kind: "text/html", text: me}}, want: unread},
		"page fails":                {actor: none, site: site{profile: {status: 500, kind: "text/html", text: me}}, want: unread},
		"page redirects off":        {actor: none, site: site{profile: redirect(302, "http://EVIL/@alice"), "EVIL /@alice": {kind: "text/html", text: me}}, want: unread},
		"page redirects inside":     {actor: none, site: site{profile: redirect(302, "http://10.0.0.1/")}, want: unread},
		"page redirects for ever":   {actor: none, site: site{profile: redirect(302, "/@alice")}, want: unread},
		"head without end":          {actor: none, site: site{profile: endless("text/html", placed, "<meta>")}, want: unread},
		"comment without end":       {actor: none, site: site{profile: endless("text/html", placed+"<!--", "x")}, want: unread},
		"page is on another host":   {actor: `,"url":"http://EVIL/@alice"`, site: site{"EVIL /@alice": {kind: "text/html", text: me}}, want: unread},
		"page is a script":          {actor: `,"url":"javascript:alert(1)"`, want: unread},
		"page breaks off":           {actor: none, site: site{profile: {run: breaksOff(placed)}}, want: unread},
		"unread, other in a field":  {actor: field(`<a href="https://a.example/">x</a>`), site: site{profile: {status: 403}}, want: attest.Sighting{FieldLinks: 1}},
		"silent, other in a field":  {actor: field(`<a href="https://a.example/">x</a>`), site: site{profile: silent}, want: attest.Sighting{FieldLinks: 1}},
		"found before it is silent": {actor: field(`BADGE`), site: site{profile: silent}, want: inField(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := site{"GOOD /u/alice": actorPage("http://GOOD/u/alice", "alice", strings.ReplaceAll(c.actor, "BADGE", badge))}
			for key, p := range c.site {
				p.text = strings.ReplaceAll(p.text, "BADGE", badge)
				s[key] = p
			}
			names := s.start(t)
			limit := 10 * time.Second
			if strings.HasPrefix(name, "silent") {
				limit = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			got, err := newWorld(t).FindLink(ctx, alice(t, names), badge)
			if err != nil || !reflect.DeepEqual(counted(got), c.want) {
				t.Errorf("got %+v, %v (%v), want %+v", got, err, errors.Unwrap(err), c.want)
			}
		})
	}
}

func alice(t *testing.T, names func(string) string) attest.Actor {
	t.Helper()
	h := handle(t, names("alice@GOOD"))
	return attest.Actor{ID: names("http://GOOD/u/alice"), Handle: h, Host: h.Host()}
}

// breaksOff promises more than it sends.
func breaksOff(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write([]byte(text))
	}
}

func TestFindLinkRefusesAnotherActor(t *testing.T) {
	t.Parallel()
	const id = "http://GOOD/u/alice"
	withBadge := `,"attachment":[{"type":"PropertyValue","value":"` + badge + `"}]`
	for name, c := range map[string]struct {
		site site
		want *fault.Error
	}{
		"renamed":             {site{"GOOD /u/alice": actorPage(id, "bob", withBadge)}, ErrActorMismatch},
		"another id":          {site{"GOOD /u/alice": actorPage("http://GOOD/u/bob", "alice", withBadge)}, ErrActorMismatch},
		"a page":              {site{"GOOD /u/alice": {kind: "text/html", text: `<link rel="me" href="` + badge + `">`}}, ErrActorType},
		"redirects elsewhere": {site{"GOOD /u/alice": redirect(302, "http://EVIL/u/alice"), "EVIL /u/alice": actorPage(id, "alice", withBadge)}, safehttp.ErrRedirectRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newWorld(t).FindLink(t.Context(), alice(t, c.site.start(t)), badge)
			if !errors.Is(err, c.want) || got.Found {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestFindLinkAfterCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := site{
		"GOOD /u/alice": actorPage("http://GOOD/u/alice", "alice", `,"url":"http://GOOD/@alice"`),
		"GOOD /@alice": {run: func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}},
	}
	if _, err := newWorld(t).FindLink(ctx, alice(t, s.start(t)), badge); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSameLink(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]bool{
		badge: true,
		"HTTPS://COCARDE.example.org/b/7k3m9q2x8w4d": true,
		strings.ToUpper(badge):                       false,
		badge + "/":                                  false,
		badge[:len(badge)-1]:                         false,
		" " + badge:                                  false,
		"http" + badge[len("https"):]:                false,
		"https://evil.example/b/7k3m9q2x8w4d":        false,
		// The Kelvin sign folds to k.
		"https://cocarde.example.org/b/7\u212a3m9q2x8": false,
		"": false,
	} {
		if got := sameLink(written, badge); got != want {
			t.Errorf("%q: %t", written, got)
		}
	}
}
