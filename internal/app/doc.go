// Package app is the composition root: it joins the rooms into one running
// issuer. Nothing but wiring stands here, and nobody else knows the settings.
package app
