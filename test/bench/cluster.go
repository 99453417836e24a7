package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/govorun/govorun/internal/loadtest"
	"github.com/govorun/govorun/test/servers"
)

// cluster is the PostgreSQL and the Redis of all measurements of a run.
type cluster struct {
	postgres *servers.Postgres
	redis    *servers.Redis
	conn     *pgx.Conn // to no database that is measured; for one goroutine at a time
	made     int       // databases
}

// database is where the servers of one measurement keep their data.
type database struct {
	cluster *cluster
	name    string
	url     string
}

func startCluster(ctx context.Context) (*cluster, error) {
	c := new(cluster)
	var err error
	if c.postgres, err = servers.StartPostgres(ctx, ""); err != nil {
		return nil, err
	}
	if c.redis, err = servers.StartRedis(ctx); err != nil {
		return nil, errors.Join(err, c.close(ctx))
	}
	if c.conn, err = pgx.Connect(ctx, c.postgres.URL("postgres")); err != nil {
		return nil, errors.Join(err, c.close(ctx))
	}
	return c, nil
}

func (c *cluster) close(ctx context.Context) (err error) {
	if c.conn != nil {
		err = c.conn.Close(context.WithoutCancel(ctx))
	}
	if c.redis != nil {
		err = errors.Join(err, c.redis.Close())
	}
	return errors.Join(err, c.postgres.Close())
}

// settings are those that decide what a commit costs.
func (c *cluster) settings(ctx context.Context) (string, error) {
	settings := []string{
		"server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "commit_delay",
		"shared_buffers", "max_wal_size", "checkpoint_timeout", "max_connections",
	}
	for i, name := range settings {
		var value string
		if err := c.conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return "", fmt.Errorf("read setting %s: %w", name, err)
		}
		settings[i] = name + " " + value
	}
	return strings.Join(settings, ", "), nil
}

// newDatabase makes an empty one. It begins with a checkpoint, so that none is due soon.
func (c *cluster) newDatabase(ctx context.Context) (*database, error) {
	c.made++
	d := &database{cluster: c, name: fmt.Sprintf("bench_%d", c.made)}
	var err error
	if d.url, err = c.postgres.CreateDatabase(ctx, d.name); err != nil {
		return nil, err
	}
	if _, err = c.conn.Exec(ctx, "CHECKPOINT"); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return d, nil
}

func (d *database) drop(ctx context.Context) error {
	return d.cluster.postgres.DropDatabase(context.WithoutCancel(ctx), d.name)
}

// The names of the meters.
const (
	postgresCPU = "postgres cpu" // seconds, of all its processes
	redisCPU    = "redis cpu"    // seconds
	walBytes    = "wal"          // written by all of PostgreSQL
	diskBytes   = "disk"         // of the database
)

func (d *database) meters() map[string]loadtest.Meter {
	return map[string]loadtest.Meter{
		postgresCPU: func(context.Context) (float64, error) { return familyTime(d.cluster.postgres.PID()) },
		redisCPU:    func(context.Context) (float64, error) { return familyTime(d.cluster.redis.PID()) },
		walBytes:    d.wal,
		diskBytes:   d.disk,
	}
}

func (d *database) wal(ctx context.Context) (bytes float64, err error) {
	err = d.cluster.conn.QueryRow(ctx, "SELECT CAST(pg_current_wal_lsn() - '0/0' AS float8)").Scan(&bytes)
	return bytes, err
}

func (d *database) disk(ctx context.Context) (bytes float64, err error) {
	err = d.cluster.conn.QueryRow(ctx, "SELECT CAST(pg_database_size($1) AS float8)", d.name).Scan(&bytes)
	return bytes, err
}
