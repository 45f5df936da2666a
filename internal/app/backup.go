package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"cocarde.example/internal/backup"
	"cocarde.example/internal/config"
	"cocarde.example/internal/durable"
	"cocarde.example/internal/fault"
	"cocarde.example/internal/store"
)

var (
	errRecipient = fault.New(fault.Invalid, "recipient_unusable",
		"A backup needs at least one age recipient (age1…), given by --recipient or in the file of --recipients-file. age-keygen makes one with its identity.")
	errIdentityFile = fault.New(fault.Invalid, "identity_unusable",
		"The file of --identity holds no age identity (AGE-SECRET-KEY-…) that can be read.")
	errBackupFile = fault.New(fault.Unavailable, "backup_file",
		"The backup's file cannot be written. Check its directory, its permissions and the room on the disk.")
	errBackupUnread = fault.New(fault.Unavailable, "backup_unreadable",
		"The backup's file cannot be read. Nothing was touched. Check its name, that it is a file, and that this user may read it.")
	errInputUnkept = fault.New(fault.Unavailable, "backup_unkept",
		"The backup of standard input cannot be kept in the directory for temporary files. Nothing was touched. Make room there, name another by TMPDIR, or restore from a file.")
)

// Recipients are those who can open a backup.
type Recipients struct {
	Keys  []string // age1…
	Files []string // lists of such, one a line
}

func (r Recipients) parse() (all []age.Recipient, err error) {
	lists := []string{strings.Join(r.Keys, "\n")}
	for _, f := range r.Files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, errRecipient.Because(err)
		}
		lists = append(lists, string(text))
	}
	for _, list := range lists {
		if strings.TrimSpace(list) == "" {
			continue
		}
		some, err := age.ParseRecipients(strings.NewReader(list))
		if err != nil {
			return nil, errRecipient.Because(err)
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, errRecipient
	}
	return all, nil
}

// BackupDatabase writes a backup beside running servers: to the file of that name,
// which stands only once it is whole, or to out if the name is "-".
func BackupDatabase(ctx context.Context, cfg config.Config, to string, out io.Writer, r Recipients, p store.Progress) error {
	recipients, err := r.parse()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, database(cfg))
	if err != nil {
		return naming(cfg.Database, err)
	}
	write := func(out io.Writer) error {
		return s.Backup(ctx, func(h backup.Header) (*backup.Writer, error) {
			if h.Issuer == "" {
				return nil, errNoIssuer
			}
			return backup.NewWriter(out, recipients, h)
		}, p)
	}
	if to == "-" {
		err = write(out)
	} else {
		err = whole(to, write)
	}
	return errors.Join(err, s.Close())
}

// whole writes a file under another name, and gives it its own when it is durable. What
// stands there and is no file, a device say, is not replaced.
func whole(path string, write func(io.Writer) error) error {
	if there, err := os.Lstat(path); err == nil && !there.Mode().IsRegular() {
		return errBackupFile.Because(fmt.Errorf("%s is no regular file, and is left as it is", path))
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*") // mode 0600
	if err != nil {
		return unwritten(path, err)
	}
	defer os.Remove(f.Name()) // fails once it has its own name
	out := durable.NewWriter(f)
	err = write(out)
	if failed := errors.Join(out.Close(), f.Close()); failed != nil {
		return unwritten(path, failed)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return unwritten(path, err)
	}
	if err := durable.Dir(filepath.Dir(path)); err != nil {
		return errBackupFile.Because(err)
	}
	return nil
}

// unwritten says what went wrong under the name that was asked for.
func unwritten(path string, err error) error {
	var failed *fs.PathError
	var linked *os.LinkError
	switch {
	case errors.As(err, &failed):
		err = &fs.PathError{Op: failed.Op, Path: path, Err: failed.Err}
	case errors.As(err, &linked):
		err = &fs.PathError{Op: linked.Op, Path: path, Err: linked.Err}
	}
	return errBackupFile.Because(err)
}

// opened is a backup that is being read.
type opened struct {
	*backup.Reader
	file io.Closer
}

// openBackup opens a backup; what is read of it is told.
func openBackup(r Restoring, identities []age.Identity) (opened, error) {
	f, total, err := r.open()
	if err != nil {
		return opened{}, errBackupUnread.Because(err)
	}
	b, err := backup.NewReader(&counted{from: f, total: total, told: r.Progress}, identities)
	if err != nil {
		return opened{}, errors.Join(fmt.Errorf("read the backup: %w", err), f.Close())
	}
	return opened{b, f}, nil
}

func readIdentities(path string) ([]age.Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errIdentityFile.Because(err)
	}
	defer f.Close()
	identities, err := age.ParseIdentities(f)
	if err != nil {
		return nil, errIdentityFile // its error may quote the file
	}
	return identities, nil
}
