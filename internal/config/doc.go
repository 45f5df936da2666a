// Package config reads the program's settings from a file and the environment,
// strictly: a setting that it does not know is an error that names it. Secrets
// are never settings; the files that hold them are.
package config
