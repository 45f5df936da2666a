// Package locale owns the texts that people read, in each language: those of
// pages, mails, and problems. There is one JSON file a language, from text id to
// Go template (text/template), and adding a language is adding a file; nothing
// else names the languages. Tests hold every file to the same ids and the same
// placeholders, and every id to a place that uses it.
//
// What is a language's own stands in its file too: "lang.name" is what its
// speakers call it, "lang.direction" from which side they read it, "date" how they write a day, "moment" a time of it.
//
// Files are parsed at the first text that is asked for, not at start.
package locale
