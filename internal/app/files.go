package app

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/config"
	"github.com/govorun/govorun/internal/files"
)

const (
	// tidyEvery is how often a node looks for what a crash has left of uploads.
	tidyEvery = 10 * time.Minute
	// bucketCheck bounds trying whether the bucket is there.
	bucketCheck = 10 * time.Second
)

// startFiles makes what receives and serves files, and has the eldest node clean up after them. Who
// is alone with the data knows that whatever is on its way into the folder was left by a crash.
func (a *App) startFiles(ctx context.Context, service *chat.Service, shared bool, n *node) (*files.Service, error) {
	c := a.params.Config
	blobs, err := a.openBlobs(ctx)
	if err != nil {
		return nil, err
	}
	if !shared {
		if err := blobs.Tidy(time.Now()); err != nil {
			return nil, fmt.Errorf("tidy up after uploads: %w", err)
		}
	}
	s := files.New(files.Params{
		Domain:    service,
		Blobs:     blobs,
		Key:       a.key.Derive("files"),
		BaseURL:   a.publicURL(),
		LinkTTL:   c.Files.LinkTTL,
		OrphanTTL: c.Files.OrphanTTL,
		Limits: files.Limits{
			MaxSize:    int64(c.Files.MaxSize),
			PerRequest: c.Files.MaxPerRequest,
			Session:    chat.FileLimits{Count: c.Files.MaxPerSession, Bytes: int64(c.Files.SessionBytes)},
			Uploads:    c.Files.Uploads,
			Downloads:  c.Files.Downloads,

			AddressUploads:   c.Files.AddressUploads,
			AddressDownloads: c.Files.AddressDownloads,
		},
		Address: func(r *http.Request) netip.Prefix {
			return auth.Network(auth.Proxies(c.HTTP.TrustedProxies).ClientAddr(r))
		},
		Allow: func(r *http.Request) error {
			return a.limits.Address(auth.Proxies(c.HTTP.TrustedProxies).ClientAddr(r))
		},
		Log:     a.params.Log,
		Metrics: a.metrics.newFiles(),
	})
	a.onClose(early(s.Close))
	u, working := newUpkeep(a.params.Log)
	u.every(working, cleanEvery(c.Files), "remove files that no message refers to", n.asEldest(s.Clean))
	u.every(working, tidyEvery, "tidy up after uploads", s.Tidy)
	a.onClose(func(context.Context) error { u.close(); return nil })
	return s, nil
}

// cleanEvery is often enough that no file stays much longer than it is to.
func cleanEvery(c config.Files) time.Duration {
	return min(max(c.OrphanTTL/24, time.Second), 10*time.Minute)
}

func (a *App) openBlobs(ctx context.Context) (files.Blobs, error) {
	c := a.params.Config
	dir := c.Files.Dir
	if dir == "" {
		dir = filepath.Join(c.Data, "files")
	}
	s3 := c.Files.S3
	if s3.Endpoint == "" {
		return files.NewDisk(dir)
	}
	if s3.Bucket == "" {
		return nil, fmt.Errorf("files.s3.endpoint is set: files.s3.bucket must be, too")
	}
	bucket, err := files.NewS3(files.S3Params{
		Endpoint: s3.Endpoint, Bucket: s3.Bucket, Region: s3.Region, AccessKey: s3.AccessKey, SecretKey: s3.SecretKey,
		Prefix: s3.Prefix, PathStyle: s3.PathStyle, Drafts: dir,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, bucketCheck)
	defer cancel()
	if err := bucket.Check(ctx); err != nil { // messages go on without it
		a.params.Log.WarnContext(ctx, "files can be neither stored nor read", "error", err)
	}
	return bucket, nil
}
