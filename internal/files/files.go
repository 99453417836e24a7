// Package files keeps what clients send up: it receives uploads, decides names and types, keeps the
// bytes on disk or in an S3 bucket, signs links, serves them, and removes what no message refers to.
// Who may send up or attach what is the domain's to say; the routes of uploads belong to the
// transports.
//
// An upload goes in this order, so that nothing acknowledged is lost and nothing is left behind:
//
//	bytes ─▶ draft (a temporary file) ─▶ row "pending" ─▶ bytes durable ─▶ row "ready" ─▶ answer
//
// What a crash interrupts is a draft, removed by its age, or a row that never became ready, removed
// like a file that no message refers to: row "doomed" ─▶ bytes removed ─▶ row removed.
package files

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/govorun/govorun/internal/chat"
)

// Domain is what the package asks of the domain; *chat.Service is one.
type Domain interface {
	MayUpload(ctx context.Context, sessionID string, limits chat.FileLimits, idem chat.Idempotency) (kept chat.FileSum, err error)
	AnnounceFiles(ctx context.Context, p chat.AnnounceParams) (*chat.FilesResult, error)
	FinishFiles(ctx context.Context, announced *chat.FilesResult, idem chat.Idempotency) (*chat.FilesResult, error)
	DropFiles(ctx context.Context, files []chat.File) error
	FindFile(ctx context.Context, id string) (*chat.File, error)
	DoomFiles(ctx context.Context, before time.Time) (int64, error)
	ForgetFiles(ctx context.Context, remove func(context.Context, *chat.File) error) (int64, error)
}

// Blobs is where bytes live. Names are ours: two hexadecimal digits, a slash and a UUID.
type Blobs interface {
	// Begin returns a place for bytes that are not kept yet.
	Begin() (Draft, error)
	// Open reads a blob from an offset on. A missing one is fs.ErrNotExist.
	Open(ctx context.Context, name string, offset int64) (io.ReadCloser, error)
	// Delete removes a blob; one that is not there is fine.
	Delete(ctx context.Context, name string) error
	// Tidy removes drafts that nobody has written to since before a time: their process is gone.
	Tidy(before time.Time) error
}

// Draft is what becomes a blob. It belongs to one goroutine.
type Draft interface {
	io.Writer
	// Commit keeps what was written as a blob. It is durable when Commit returns.
	Commit(ctx context.Context, name string) error
	// Discard removes what was written and not committed. It is safe twice, and after Commit.
	Discard()
}

// Limits bound what uploads and downloads cost. All are required but those that name a default.
type Limits struct {
	MaxSize    int64 // bytes of one file
	PerRequest int   // files of one upload
	Session    chat.FileLimits
	Uploads    int // received at once; others wait a little, then are refused with 503
	Downloads  int // served at once; one more is refused with 503
	// SessionUploads is how many of them one session may have; 0: 4. With Uploads it bounds the
	// space that drafts take.
	SessionUploads int
	// AddressUploads is how many of them one client address may have, those that wait included; 0: 16.
	AddressUploads int
	// AddressDownloads is how many downloads one client address may have; 0: 32.
	AddressDownloads int
}

// Metrics are counted by a Service; what is nil is not.
type Metrics struct {
	Stored    prometheus.Counter // files
	Bytes     prometheus.Counter // of them
	Removed   prometheus.Counter // files that no message referred to
	Transfers prometheus.Gauge   // uploads and downloads under way
}

// Params is what a Service works with.
type Params struct {
	Domain    Domain
	Blobs     Blobs
	Key       []byte        // of the links' signatures
	BaseURL   string        // of the links, without a slash at the end
	LinkTTL   time.Duration // how long a link works at least
	OrphanTTL time.Duration // how long a file stays that no message refers to
	Limits    Limits
	Allow     func(*http.Request) error // whether who asks may download so often; nil: always
	// Address is the network whose transfers are counted together with those of who asks; without one,
	// or where nil, they are not.
	Address func(*http.Request) netip.Prefix
	Now     func() time.Time // clock; nil for the system's
	Log     *slog.Logger
	Metrics Metrics
}

// Service receives and serves files. Its methods are safe to call at once.
type Service struct {
	Params
	places chan struct{} // of uploads: one who has a place has sent into it
	closed chan struct{} // by Close

	mu        sync.Mutex // guards what follows
	closing   bool
	uploads   int // under way and waiting
	downloads map[*download]struct{}
	sessions  map[string]int       // uploads by session
	sending   map[netip.Prefix]int // uploads by address
	reading   map[netip.Prefix]int // downloads by address
	idle      chan struct{}        // closed when closing and no upload is under way
}

// New returns a service.
func New(p Params) *Service {
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Limits.SessionUploads == 0 {
		p.Limits.SessionUploads = 4
	}
	if p.Limits.AddressUploads == 0 {
		p.Limits.AddressUploads = 16
	}
	if p.Limits.AddressDownloads == 0 {
		p.Limits.AddressDownloads = 32
	}
	return &Service{
		Params: p, places: make(chan struct{}, p.Limits.Uploads), closed: make(chan struct{}),
		downloads: map[*download]struct{}{}, sessions: map[string]int{}, sending: map[netip.Prefix]int{}, reading: map[netip.Prefix]int{}, idle: make(chan struct{}),
	}
}

// download is one that is under way.
type download struct{ cut func() }

// Close cuts downloads off, refuses new uploads and waits for those that are under way, or until
// ctx ends. It is safe twice.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closing {
		s.closing = true
		close(s.closed)
		s.signal()
	}
	for d := range s.downloads {
		d.cut()
	}
	s.mu.Unlock()
	select {
	case <-s.idle:
	case <-ctx.Done(): // they are cut off with their connections, and none was acknowledged
	}
	return nil
}

// signal is called with mu held.
func (s *Service) signal() {
	if s.closing && s.uploads == 0 {
		close(s.idle)
	}
}

const (
	// enterWithin is how long an upload waits for a place.
	enterWithin = 10 * time.Second
	// waitingPerPlace is how many wait for each place; one more is refused at once.
	waitingPerPlace = 8
)

// address is whom a transfer is counted with.
func (s *Service) address(r *http.Request) netip.Prefix {
	if s.Address == nil {
		return netip.Prefix{}
	}
	return s.Address(r)
}

// enter takes a place for an upload of a session that is there: for others nothing is counted. Its body is not read meanwhile, so who waits costs
// little more than a connection.
func (s *Service) enter(ctx context.Context, session string, address netip.Prefix) (leave func(), err error) {
	if err := s.count(session, address); err != nil {
		return nil, err
	}
	timeout := time.NewTimer(enterWithin)
	defer timeout.Stop()
	select {
	case s.places <- struct{}{}:
		return func() {
			<-s.places
			s.uncount(session, address)
		}, nil
	case <-timeout.C:
		err = busy("too many files are being received")
	case <-s.closed:
		err = busy("the server is shutting down")
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.uncount(session, address)
	return nil, err
}

// count lets an upload wait.
func (s *Service) count(session string, address netip.Prefix) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return busy("the server is shutting down")
	case s.uploads >= s.Limits.Uploads*(1+waitingPerPlace):
		return busy("too many files are being received")
	case s.sessions[session] >= s.Limits.SessionUploads:
		return tooMany("the session is sending too many files at once")
	case address.IsValid() && s.sending[address] >= s.Limits.AddressUploads:
		return tooMany("the address is sending too many files at once")
	}
	s.sending[address]++
	s.uploads++
	s.sessions[session]++
	s.moving(1)
	return nil
}

func (s *Service) uncount(session string, address netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[session]--; s.sessions[session] == 0 {
		delete(s.sessions, session)
	}
	if s.sending[address]--; s.sending[address] == 0 {
		delete(s.sending, address)
	}
	s.uploads--
	s.moving(-1)
	s.signal()
}

// enterDownload takes a place for a download of an address, which cut ends early.
func (s *Service) enterDownload(address netip.Prefix, cut func()) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.downloads) >= s.Limits.Downloads {
		return nil, busy("too many files are being sent")
	}
	if address.IsValid() && s.reading[address] >= s.Limits.AddressDownloads {
		return nil, tooMany("the address is reading too many files at once")
	}
	s.reading[address]++
	d := &download{cut}
	s.downloads[d] = struct{}{}
	s.moving(1)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.downloads, d)
		if s.reading[address]--; s.reading[address] == 0 {
			delete(s.reading, address)
		}
		s.moving(-1)
	}, nil
}

func (s *Service) moving(n float64) {
	if s.Metrics.Transfers != nil {
		s.Metrics.Transfers.Add(n)
	}
}

func add(c prometheus.Counter, n float64) {
	if c != nil {
		c.Add(n)
	}
}

func tooMany(message string) error {
	return &chat.Error{Code: chat.CodeRateLimited, Message: message, RetryAfter: time.Second}
}

func busy(message string) error {
	return &chat.Error{Code: chat.CodeUnavailable, Message: message, RetryAfter: time.Second}
}
