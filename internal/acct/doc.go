// Package acct owns the three names that strangers type: the host of an
// instance, the handle of an account and the address of a mailbox. Each is
// parsed once, into a type whose values are valid by construction, comparable
// with == and safe to pass on; the zero value of each is invalid.
//
// Nothing is repaired: white space around the input is trimmed where the
// comment says so, letters of hosts are lower-cased, and everything else that
// is not in the canonical spelling is refused with a *fault.Error that says
// what to do. Names that could be read as another name (mixed scripts, letters
// that look Latin and are not) are refused too, see confusable.go.
//
// The package is a leaf: it does no input or output and knows no other room
// but fault.
package acct
