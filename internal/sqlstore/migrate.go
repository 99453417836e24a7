package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// newMigrator returns what moves a database from version to version.
func newMigrator(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, dialectFS{dir}, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// migrate brings the data to this program's version. Data of a later program is refused and
// left alone.
func migrate(ctx context.Context, db *sql.DB) error {
	m, err := newMigrator(db)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	data, program, err := m.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if data > program {
		return fmt.Errorf("the data is of version %d, this program knows versions up to %d: start a later program", data, program)
	}
	if _, err := m.Up(ctx); err != nil {
		return fmt.Errorf("migrate from version %d to %d: %w", data, program, err)
	}
	return nil
}

// dialectFS shows files in the dialect.
type dialectFS struct{ fs.FS }

func (d dialectFS) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := fs.ReadFile(d.FS, name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return dialectFile{File: f, text: strings.NewReader(sqliteText(string(text)))}, nil
}

// dialectFile is a migration; its Stat answers for the file behind it.
type dialectFile struct {
	fs.File
	text *strings.Reader
}

func (f dialectFile) Read(b []byte) (int, error) { return f.text.Read(b) }
