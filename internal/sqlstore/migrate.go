package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/govorun/govorun/internal/sqlstore/sqlgen"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema is what the tables are to be.
type schema struct {
	migrations fs.FS
	// compatibleFrom is the version of the oldest program that can work with the tables. A
	// migration that only expands leaves it, so that older nodes go on while newer ones start. One
	// that takes away what a program needed comes a release after the last program that needed it,
	// and sets it to the version of the first that does not.
	compatibleFrom int64
}

// ownSchema is that of this program.
func ownSchema() (*schema, error) {
	dir, err := fs.Sub(migrations, "migrations")
	return &schema{migrations: dir, compatibleFrom: 1}, err
}

// dialect is how an engine wants its migrations.
type dialect struct {
	name goose.Dialect
	text func(string) string // turns a file into the dialect
}

// provider moves a database from version to version.
func (s *schema) provider(db *sql.DB, d dialect) (*goose.Provider, error) {
	return goose.NewProvider(d.name, db, dialectFS{s.migrations, d.text}, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// migrate brings the data to this program's version. Data of a later program is left alone, and
// refused unless that program says that this one can work with it.
func (s *schema) migrate(ctx context.Context, db *sql.DB, d dialect) error {
	m, err := s.provider(db, d)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	data, program, err := m.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	q := sqlgen.New(db)
	if data > program {
		return s.allow(ctx, q, data, program)
	}
	if _, err := m.Up(ctx); err != nil {
		return fmt.Errorf("migrate from version %d to %d: %w", data, program, err)
	}
	if err := q.PutMeta(ctx, sqlgen.PutMetaParams{Name: metaCompatibleFrom, Value: strconv.FormatInt(s.compatibleFrom, 10)}); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// allow is for data that a later program has made.
func (s *schema) allow(ctx context.Context, q *sqlgen.Queries, data, program int64) error {
	text, err := metaOr(q.FindMeta(ctx, metaCompatibleFrom))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if from, err := strconv.ParseInt(text, 10, 64); err != nil || program < from {
		return fmt.Errorf("the data is of version %d, this program knows versions up to %d: start a later program", data, program)
	}
	return nil
}

// dialectFS shows files in a dialect.
type dialectFS struct {
	fs.FS
	text func(string) string
}

func (d dialectFS) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := fs.ReadFile(d.FS, name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return dialectFile{File: f, text: strings.NewReader(d.text(string(text)))}, nil
}

// dialectFile is a migration; its Stat answers for the file behind it.
type dialectFile struct {
	fs.File
	text *strings.Reader
}

func (f dialectFile) Read(b []byte) (int, error) { return f.text.Read(b) }
