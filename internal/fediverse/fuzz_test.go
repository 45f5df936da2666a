package fediverse

import (
	"strings"
	"testing"

	"cocarde.example/internal/acct"
)

func FuzzJRD(f *testing.F) {
	f.Add([]byte(`{"subject":"acct:a@b.example","links":[{"rel":"self","type":"application/activity+json","href":"https://b.example/a"}]}`))
	f.Add([]byte(`{"subject":"acct:a@b.example","links":null}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, err := parseJRD(body)
		if err != nil {
			return
		}
		if len(found.ids) == 0 || found.subject == (acct.Handle{}) {
			t.Errorf("accepted without subject or id: %+v", found)
		}
	})
}

func FuzzActor(f *testing.F) {
	f.Add([]byte(`{"id":"https://b.example/a","type":"Person","preferredUsername":"a","url":"https://b.example/@a"}`))
	f.Add([]byte(`{"id":"https://b.example/a","type":["Person"],"preferredUsername":"a","url":[{"href":"https://c.example/@a"}],"movedTo":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		host, err := acct.ParseHost("b.example")
		if err != nil {
			t.Fatal(err)
		}
		a, err := new(Client).parseActor(body, "https://b.example/a", host)
		if err != nil {
			return
		}
		if a.id != "https://b.example/a" || a.host != host || a.username == "" || !strings.HasPrefix(a.url+"/", "https://b.example/") && !strings.HasPrefix(a.url, "https://b.example?") {
			t.Errorf("accepted %+v", a)
		}
	})
}

func FuzzHostMeta(f *testing.F) {
	f.Add([]byte(`<XRD><Link rel="lrdd" template="https://b.example/{uri}"/></XRD>`))
	f.Add([]byte(`<?xml version="1.0" encoding="x"?><!DOCTYPE a [<!ENTITY e "e">]><XRD>&e;</XRD>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		template, err := parseHostMeta(body)
		if err == nil && !strings.Contains(template, "{uri}") {
			t.Errorf("accepted %q", template)
		}
	})
}
