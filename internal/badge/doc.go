// Package badge draws what a reader sees of a badge: the compact picture (SVG and
// PNG), the preview that social networks show, the rosette, and the QR code of the
// badge's link. Nothing else in the program knows a font or a QR library.
//
// Every function is pure: no network, clock, file or database, and the same card
// gives the same bytes. Texts arrive translated; strings of strangers are bounded,
// freed of controls and of characters that reorder text, and escaped (see clean).
// Only a badge whose status is Valid is drawn in the issuer's colours: every other
// one is grey, with a mark and a word of its own, so that neither colour nor words
// alone carry the meaning.
//
// # Font
//
// Pictures are set in DejaVu Sans Condensed, embedded from the module
// github.com/go-fonts/dejavu, under the Bitstream Vera and DejaVu licences (free to
// embed and redistribute). It covers Latin, Greek with its accents, Cyrillic,
// Armenian, Georgian, Hebrew, Arabic and Persian. Whatever it lacks is drawn as one
// ellipsis, never as boxes; a name it lacks altogether gives way to the agency's
// domain. SVG pictures keep the text itself: the reader's own fonts draw it.
//
// Outlines come from golang.org/x/image/font/sfnt, the order of mixed directions
// from github.com/go-text/typesetting/bidi, and Arabic letters are joined with the
// presentation forms that the font holds (Unicode, chapter 9.2). HarfBuzz would do
// more, and would double what this room adds to the program: names need no more than
// joined letters. Vowel signs, which names go without, are not drawn.
package badge
