// Package statuslist keeps the issuer's status lists: the statuses in memory
// that its own verifier reads, and the signed list tokens that everybody else
// fetches. The format itself (draft-ietf-oauth-status-list) lives in verify;
// indices are taken in the store, in the transaction that issues.
package statuslist
