// Package durable writes files that outlast a loss of power. Names in a directory
// and large files are its matter; a small file is synced by whoever writes it.
package durable
