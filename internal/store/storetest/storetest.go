// Package storetest holds a database to the promises that the interfaces in
// attest, statuslist, jobs and fediverse make in their comments. Every database
// passes the same suite.
package storetest

import (
	"context"
	"testing"
	"time"

	"cocarde.example/attest"
	"cocarde.example/internal/backup"
	"cocarde.example/internal/fediverse"
	"cocarde.example/internal/jobs"
	"cocarde.example/internal/keyring"
	"cocarde.example/internal/record"
	"cocarde.example/internal/statuslist"
	"cocarde.example/internal/store"
)

// Store is what is held to its promises.
type Store interface {
	attest.Store
	attest.ReminderStore
	statuslist.Store
	jobs.Store
	keyring.Store
	fediverse.AppStore

	Identity(ctx context.Context) (store.Identity, bool, error)
	FoundIssuer(ctx context.Context, id store.Identity, events []attest.Event) error
	LastEnd(ctx context.Context) (time.Time, error)
	Close() error

	RecordTo(r store.Recorder)
	RecordNamed(ctx context.Context) (string, error)
	NameRecord(ctx context.Context, from, to string) error
	Holds(ctx context.Context, events []record.Event) (bool, error)
	Replay(ctx context.Context, from record.Reading) (store.Replayed, error)
	FreeIndices(ctx context.Context, n int) (list int64, indices []int64, err error)
	Taken(ctx context.Context, list, index int64) (bool, error)
	CloseLists(ctx context.Context) error
	Backup(ctx context.Context, begin func(backup.Header) (*backup.Writer, error), p store.Progress) error
}

// Database is a migrated database that nothing was written to.
type Database interface {
	// Open opens it, once more each time, as another process would. The test closes
	// what it opened, at its end at the latest.
	Open(t *testing.T) Store
	// ShrinkList gives the open status list another size, so that a test can fill it.
	ShrinkList(t *testing.T, size int64)
	// Exec changes rows as no store does.
	Exec(t *testing.T, statement string)
	// Find names the columns of any table in which some text or bytes hold this.
	Find(t *testing.T, text string) []string
	// Empty is a place of the same kind, where nothing stands.
	Empty(t *testing.T) store.Options
}

// unfounded are the tests that find a database without an issuer; in the others
// the key "kid" is active.
var unfounded = map[string]bool{"identity": true, "identity/race": true, "event/numbering": true,
	"event/numbering is recorded": true, "backup/round trip": true, "backup/under load": true, "backup/replay": true, "backup/replay of an erasure": true}

// Run runs the suite; create gives a new database each time.
func Run(t *testing.T, create func(t *testing.T) Database) {
	for name, test := range map[string]func(*testing.T, Database){
		"request/round trip":              requestRoundTrip,
		"request/by link":                 requestByLink,
		"request/reserves":                requestReserves,
		"request/states":                  requestStates,
		"request/missing":                 requestMissing,
		"request/sign-ins":                signIns,
		"request/account code":            accountCode,
		"request/mailbox code":            mailboxCode,
		"request/past its end":            requestPastItsEnd,
		"request/race for the sign-in":    raceForSignIn,
		"request/race of tries":           raceOfTries,
		"request/race of proofs":          raceOfProofs,
		"issue/round trip":                issueRoundTrip,
		"issue/account taken":             issueAccountTaken,
		"issue/mailbox replaced":          issueMailboxReplaced,
		"issue/expired and suspended":     issueExpiredAndSuspended,
		"issue/nothing half done":         issueNothingHalfDone,
		"issue/race for one request":      raceForRequest,
		"issue/race for one account":      raceForAccount,
		"issue/race for one mailbox":      raceForMailbox,
		"issue/race for indices":          raceForIndices,
		"issue/lists close at 80 percent": listsClose,
		"badge/find":                      badgeFind,
		"badge/after a clock ran ahead":   badgeAfterClockAhead,
		"badge/list":                      badgeList,
		"badge/status":                    badgeStatus,
		"badge/status of the ended":       badgeStatusOfEnded,
		"event/numbering":                 eventNumbering,
		"event/race of numbering":         raceOfNumbering,
		"event/numbering is recorded":     numberingRecorded,
		"backup/round trip":               backupRoundTrip,
		"backup/under load":               backupUnderLoad,
		"backup/replay":                   replayForgetsNothing,
		"backup/replay of an erasure":     replayErases,
		"renewal/round trip":              renewRoundTrip,
		"renewal/keeps the last proof":    renewKeepsTheLastProof,
		"renewal/refusals":                renewRefusals,
		"renewal/of an ended badge":       renewEnded,
		"renewal/race with a revocation":  raceOfRenewalAndRevocation,
		"access":                          access,
		"erase":                           erase,
		"erase/race":                      raceOfErasures,
		"reminders":                       reminders,
		"badge/own key":                   giveKey,
		"artefact":                        artefact,
		"limit/windows":                   limitWindows,
		"limit/race":                      raceOfLimits,
		"limit/mail stops":                mailStops,
		"outbox":                          outbox,
		"lease":                           lease,
		"lease/race":                      raceOfLeases,
		"purge":                           purge,
		"purge/in batches":                purgeInBatches,
		"purge/mailboxes":                 purgeMailboxes,
		"app":                             app,
		"keys/life":                       keyLife,
		"keys/race of rotations":          raceOfRotations,
		"keys/not active":                 keyNotActive,
		"keys/race of a revocation":       raceOfRevocation,
		"keys/taken back":                 keyTakenBack,
		"keys/whom it took back":          keyWhomItTookBack,
		"keys/rewrap":                     rewrap,
		"identity":                        identity,
		"identity/race":                   raceOfFounders,
		"cancelled":                       cancelled,
		"durable":                         durable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := create(t)
			if !unfounded[name] {
				must(t, db.Open(t).FoundIssuer(t.Context(), founder(1), nil))
			}
			test(t, db)
		})
	}
}
