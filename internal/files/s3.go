package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/govorun/govorun/internal/chat"
)

const (
	s3Timeout = 5 * time.Minute  // for one blob to be stored, repeats included
	s3Stall   = 30 * time.Second // without a byte, after which a read is given up
	s3Retries = 3
)

// S3Params say where a bucket is.
type S3Params struct {
	Endpoint  string // http(s)://host[:port]
	Bucket    string
	Region    string
	AccessKey string
	SecretKey string
	Prefix    string // of the names of our objects
	PathStyle bool   // the bucket in the path, not in the host's name
	Drafts    string // folder for what is not in the bucket yet
}

// S3 keeps bytes in a bucket. What arrives is a local draft until it is complete, so a client that is
// slow or goes away costs the bucket nothing.
type S3 struct {
	drafts
	client *minio.Client
	bucket string
	prefix string
}

// NewS3 does not talk to the bucket yet.
func NewS3(p S3Params) (*S3, error) {
	u, err := url.Parse(p.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("S3 endpoint: %w", err)
	}
	lookup := minio.BucketLookupDNS
	if p.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(p.AccessKey, p.SecretKey, ""),
		Secure:       u.Scheme == "https",
		Region:       p.Region,
		BucketLookup: lookup,
		MaxRetries:   s3Retries,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: time.Minute,
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       time.Minute,
			DisableCompression:    true, // bytes are bytes
		},
	})
	if err != nil {
		return nil, fmt.Errorf("S3: %w", err)
	}
	d, err := newDrafts(p.Drafts)
	return &S3{drafts: d, client: client, bucket: p.Bucket, prefix: p.Prefix}, err
}

// Check tries whether the bucket is there for us.
func (s *S3) Check(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return fmt.Errorf("S3: %w", err)
	}
	if !there {
		return fmt.Errorf("S3: there is no bucket %s", s.bucket)
	}
	return nil
}

// Begin implements Blobs.
func (s *S3) Begin() (Draft, error) {
	f, err := s.create()
	if err != nil {
		return nil, err
	}
	return &s3Draft{File: f, s3: s}, nil
}

type s3Draft struct {
	*os.File
	s3 *S3
}

// Commit implements Draft. An object is there when all of it is.
func (f *s3Draft) Commit(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, s3Timeout)
	defer cancel()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = f.s3.client.PutObject(ctx, f.s3.bucket, f.s3.prefix+name, f.File, size, minio.PutObjectOptions{
		ContentType:      octetStream, // who may read the bucket by other ways is not shown active content either
		DisableMultipart: true,        // nothing half done to clean up
	})
	if err != nil {
		return away(err)
	}
	f.Discard()
	return nil
}

// Discard implements Draft.
func (f *s3Draft) Discard() { discard(f.File) }

// Open implements Blobs.
func (s *S3) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, error) {
	var o minio.GetObjectOptions
	if offset > 0 {
		if err := o.SetRange(offset, 0); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	body, _, _, err := minio.Core{Client: s.client}.GetObject(ctx, s.bucket, s.prefix+name, o)
	if err != nil {
		cancel()
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			return nil, fmt.Errorf("object %s: %w", name, fs.ErrNotExist)
		}
		return nil, away(err)
	}
	return &lively{body, time.AfterFunc(s3Stall, cancel), cancel}, nil
}

// lively gives up reading what stalls.
type lively struct {
	io.ReadCloser
	stall  *time.Timer
	cancel context.CancelFunc
}

func (l *lively) Read(p []byte) (int, error) {
	l.stall.Reset(s3Stall)
	defer l.stall.Stop()
	return l.ReadCloser.Read(p)
}

func (l *lively) Close() error {
	l.stall.Stop()
	defer l.cancel()
	return l.ReadCloser.Close()
}

// Delete implements Blobs. A missing object is fine for S3, too.
func (s *S3) Delete(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := s.client.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil
	}
	return away(err)
}

// away is the domain's word for a bucket that does not do what it is asked.
func away(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &chat.Error{Code: chat.CodeUnavailable, Message: "the storage of files is not available", RetryAfter: 5 * time.Second, Err: err}
}
