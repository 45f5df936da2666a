// Package browser looks at every page as people do: in headless Chromium, with
// the real composition on a free port and the sandbox around it. It goes both
// ways to a badge without JavaScript, and holds every page, in every state it can
// be in, against the rules for all of them: axe-core finds nothing in light or
// dark, nothing scrolls sideways on a phone or under zoom, all is reached by
// keyboard, nothing is asked of anybody else, and it weighs little.
//
// The pictures that it takes stay in .cache/screenshots.
package browser
