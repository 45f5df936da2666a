// Package web shows pages to people: rendered on the server, in their language,
// without scripts and without anything from elsewhere, all in one layout and one
// style sheet, under the name and in the colours of the issuer.
//
// Texts live in package locale, markup in templates: a page is a template that
// defines "title" and "main", what several share stands in files named *parts.html,
// and [Pages] renders both into layout.html. A language that the reader chose
// (?lang=) stays in every link that a template writes through Link.
//
// Badges are shown as pages and pictures under /b/{id}. Every instance of the
// fediverse asks for them within a minute of a post, so that they are drawn once
// for each state and kept in memory; a changed state shows within a second. Only a
// badge in force leads to the account's profile.
package web
