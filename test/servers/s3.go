package servers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// The keys of an S3's one user.
const (
	S3AccessKey = "access"
	S3SecretKey = "secret-of-the-tests"
	S3Region    = "us-east-1"
)

// S3 is versitygw over a directory of its own. It checks signatures.
type S3 struct {
	process
	addr string
}

// NewS3 starts an S3 that ends with the test.
func NewS3(t testing.TB) *S3 {
	t.Helper()
	s, err := StartS3(t.Context())
	Check(t, err)
	t.Cleanup(func() { closeWith(t, &s.process) })
	return s
}

// StartS3 is NewS3 for programs. The error is ErrMissing when versitygw is neither in PATH nor in
// .cache/bin of this repository, where scripts/prepare.sh puts it.
func StartS3(ctx context.Context) (*S3, error) {
	bin, err := findGateway()
	if err != nil {
		return nil, err
	}
	port, err := FreePort(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "govorun-s3-")
	if err != nil {
		return nil, err
	}
	buckets := filepath.Join(dir, "buckets")
	if err := os.Mkdir(buckets, 0o700); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &S3{addr: "127.0.0.1:" + strconv.Itoa(port)}
	s.process = process{
		name: "versitygw", dir: dir, log: filepath.Join(dir, "log"), quit: "TERM", ready: s.answers,
		args: []string{"--port", s.addr, "--access", S3AccessKey, "--secret", S3SecretKey, "--region", S3Region, "--quiet", "posix", buckets},
		command: func(ctx context.Context, args ...string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, bin, args...)
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			return cmd
		},
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// findGateway looks in PATH, and in the cache of whatever directory above this one has one.
func findGateway() (string, error) {
	const name = "versitygw"
	if bin, err := exec.LookPath(name); err == nil {
		return bin, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		bin := filepath.Join(dir, ".cache", "bin", name)
		if info, err := os.Stat(bin); err == nil && info.Mode().IsRegular() {
			return bin, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, ErrMissing)
}

// URL is the endpoint.
func (s *S3) URL() string { return "http://" + s.addr }

// NewBucket makes an empty bucket.
func (s *S3) NewBucket(t testing.TB, name string) {
	t.Helper()
	if err := s.client(t).MakeBucket(t.Context(), name, minio.MakeBucketOptions{Region: S3Region}); err != nil {
		t.Fatal(err)
	}
}

// Objects lists the names of all objects of a bucket.
func (s *S3) Objects(t testing.TB, bucket string) []string {
	t.Helper()
	var names []string
	for o := range s.client(t).ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		names = append(names, o.Key)
	}
	return names
}

func (s *S3) client(t testing.TB) *minio.Client {
	t.Helper()
	c, err := minio.New(s.addr, &minio.Options{Creds: credentials.NewStaticV4(S3AccessKey, S3SecretKey, ""), Region: S3Region})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Stop ends it in order.
func (s *S3) Stop() error { return s.stop(syscall.SIGTERM) }

func (s *S3) answers(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
