package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

// Backup copies the data of a directory, as it is at one moment, to a new file; a server may
// go on writing meanwhile. The copy becomes a server's data when it is put into an empty
// directory as govorun.db. It is flushed before Backup returns, and never overwrites a file.
func Backup(ctx context.Context, dataDir, dest string) (err error) {
	source := filepath.Join(dataDir, databaseName)
	if _, err := os.Stat(source); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if _, err := os.Lstat(dest); err == nil {
		return fmt.Errorf("backup: %s exists already", dest)
	}
	part, err := os.CreateTemp(filepath.Dir(dest), filepath.Base(dest)+".part-*")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		_ = part.Close()           // it is flushed, or not wanted
		_ = os.Remove(part.Name()) // its other name stays
	}()
	if err := copyInto(ctx, source, part.Name()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := markCopy(ctx, part.Name()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := publish(part, dest); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// copyInto fills an empty file.
func copyInto(ctx context.Context, source, dest string) (err error) {
	db, err := openSQLite(source, "busy_timeout(5000) wal_autocheckpoint(0)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", dest)
	return err
}

// markCopy has the first opening of the copy renew the log id, each time it is restored.
func markCopy(ctx context.Context, path string) (err error) {
	db, err := openSQLite(path, "synchronous(FULL)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return sqlgen.New(db).PutMeta(ctx, sqlgen.PutMetaParams{Name: metaCopied, Value: "yes"})
}

// publish flushes the file and gives it its name, which nobody may have taken meanwhile.
func publish(part *os.File, dest string) error {
	if err := part.Sync(); err != nil {
		return err
	}
	if err := os.Link(part.Name(), dest); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(dest))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
