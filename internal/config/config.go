// Package config is what an operator of the server may set: one struct, filled from
// defaults, a YAML file, the environment and flags, each overriding the one before. Every
// key is listed, with its default and its meaning, in keys.go. It knows nothing of the
// packages that use the values.
package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Config is everything that can be set. Keys says what each field means.
type Config struct {
	Listen          string // host:port
	PublicURL       string // where clients reach the server; "": where it listens
	Data            string // directory
	Demo            bool
	SetupLink       string // "auto" or "always"
	ShutdownTimeout time.Duration

	Node     Node
	Postgres Postgres
	Redis    Redis

	Log     Log
	HTTP    HTTP
	Metrics Metrics

	RateLimit bool
	Rates     Rates

	Centrifugo Centrifugo
	SocketIO   SocketIO
	ChatAPI    ChatAPI
	Bot        Bot
	Webhooks   Webhooks
	Campaigns  Campaigns
	Files      Files
}

// Node is one of several servers over the same data.
type Node struct {
	Name string // as people see it; "" is the host's name and the port
}

// Postgres is where the data is kept instead of in a directory.
type Postgres struct {
	URL         string // "": it is kept in the directory
	Connections int    // at most, of this server
}

// Redis carries rings between nodes.
type Redis struct {
	URL string // "": there is none
}

// Log is how the server writes its log.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// HTTP bounds what one connection or request may take.
type HTTP struct {
	HeaderTimeout  time.Duration
	ReadTimeout    time.Duration
	WriteTimeout   time.Duration // of answers that are not streams
	IdleTimeout    time.Duration
	MaxHeaderBytes int
	MaxInFlight    int
	TrustedProxies []netip.Prefix
}

// Metrics guards the page of metrics.
type Metrics struct {
	Token string // "" leaves the page open
}

// Rates bound requests in each second, with bursts.
type Rates struct {
	Address      float64
	AddressBurst int
	Session      float64
	SessionBurst int
}

// Centrifugo bounds the sockets.
type Centrifugo struct {
	MaxConnections int
	QueueBytes     int
}

// Webhooks says how webhooks are delivered.
type Webhooks struct {
	AllowPrivate Private
	Timeout      time.Duration // of one attempt
	GiveUp       time.Duration // after which a delivery that fails is dead
	Hands        int           // that deliver at once
	PerReceiver  int           // of them, for one receiver
	Keep         time.Duration // of what was delivered
	KeepDead     time.Duration
}

// Campaigns says how long campaigns are kept.
type Campaigns struct {
	Keep time.Duration // from their end, or from when they were made if they were never started
}

// Private says which addresses that are not public may be called.
type Private struct {
	All      bool
	Networks []netip.Prefix
}

// SocketIO bounds the connections of the legacy widget.
type SocketIO struct {
	MaxConnections int
	QueueBytes     int
}

// ChatAPI bounds what the Chat API does.
type ChatAPI struct {
	MaxPolls int // connections that long polls hold
}

// Bot bounds the turns of bots.
type Bot struct {
	Turns       int // of one bot at once
	TurnTimeout time.Duration

	RemoteAnswerTime time.Duration // for later answers of remote bots
	AllowPrivate     bool          // bots reach addresses that are not public
	Values           string        // file of what scripts get of $secrets and $env; "": none
}

// Files is where files of clients live, and what they may cost.
type Files struct {
	Dir              string // "": in the data directory
	MaxSize          int    // bytes of one
	MaxPerRequest    int
	MaxPerSession    int
	SessionBytes     int // of all files of a session
	Uploads          int // at once
	Downloads        int // at once
	AddressDownloads int // of one address
	AddressUploads   int // of one address, those that wait too
	LinkTTL          time.Duration
	OrphanTTL        time.Duration
	S3               S3
}

// S3 is a bucket that keeps the files instead of a folder.
type S3 struct {
	Endpoint  string // "": there is none
	Bucket    string
	Region    string
	AccessKey string
	SecretKey string
	Prefix    string
	PathStyle bool
}
