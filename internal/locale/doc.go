// Package locale owns the texts that people read, in each language: one JSON
// file a language, from text id to Go template (text/template). Adding a
// language is adding a file; a test holds every file to the same ids and the
// same placeholders.
//
// Files are parsed at the first text that is asked for, not at start.
package locale
