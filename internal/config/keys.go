package config

import "strings"

// Key is one thing that can be set.
type Key struct {
	Name    string // as in the file; sections are parted by dots
	Default string
	Expects string // the values it takes, as the end of "expected …"
	Doc     string
	Secret  bool // never shown

	value value
}

// Env is the key's name in the environment.
func (k *Key) Env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// Flag is the key's name on the command line, without the dashes.
func (k *Key) Flag() string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(k.Name)
}

// Keys lists every key, in the order in which they are documented.
func Keys() []Key { return keys(&Config{}) }

// keys lists every key, each bound to its field of c.
func keys(c *Config) []Key { //nolint:funlen // it is a table
	return []Key{
		key("listen", "127.0.0.1:8080", address(&c.Listen),
			"Address the server listens on. Port 0 takes a free one. On a loopback address the demo chat answers; on any other it does not."),
		key("public_url", "", url(&c.PublicURL, "http", "https"),
			"URL at which clients reach the server, for the links it hands out, such as https://chat.example.com. Empty is the address it listens on."),
		key("data", "data", path(&c.Data),
			"Directory of the database, made on the first start with access for its owner only."),
		key("demo", "true", onOff(&c.Demo),
			"Whether the first start makes the demo chat and its bot, and whether they answer (on loopback only)."),
		key("setup_link", "auto", oneOf(&c.SetupLink, "auto", "always"),
			"When a start prints the one-time link by which somebody gets an administrator's API key: auto while there is no such key, always also when there is, for who has lost it."),
		key("shutdown_timeout", "30s", span(&c.ShutdownTimeout, "0s", "10m"),
			"How long a stopping server waits for running requests and bot turns. A second signal ends it at once."),

		key("node.name", "", text(&c.Node.Name),
			"Name of this server among several, as `govorun nodes` and the log show it. Empty is the host's name and the port."),
		key("postgres.url", "", url(&c.Postgres.URL, "postgres", "postgresql"),
			"PostgreSQL database that keeps the data, as postgres://user:password@host:5432/name. Any number of servers may share it. Empty keeps the data in an SQLite file in the data directory, for one server.").secret(),
		key("postgres.connections", "24", count(&c.Postgres.Connections, 6, 10_000),
			"Connections to PostgreSQL that this server opens at most; a third of them only reads, and two are kept for telling other servers that it lives."),
		key("redis.url", "", url(&c.Redis.URL, "redis", "rediss"),
			"Redis that carries news between servers over one PostgreSQL, as redis://user:password@host:6379/0. Sentinels: redis://host1:26379?addr=host2:26379&master_set=name. Without it they hear of each other's events after a second.").secret(),

		key("log.level", "info", level(&c.Log.Level),
			"Least severe messages that are logged."),
		key("log.format", "text", oneOf(&c.Log.Format, "text", "json"),
			"Form of the log, which goes to the standard error output."),

		key("http.header_timeout", "10s", span(&c.HTTP.HeaderTimeout, "100ms", "5m"),
			"How long a request's header may take to arrive."),
		key("http.read_timeout", "30s", span(&c.HTTP.ReadTimeout, "6s", "1h"),
			"How long a whole request may take to arrive."),
		key("http.write_timeout", "30s", span(&c.HTTP.WriteTimeout, "6s", "1h"),
			"How long a request may take from its header to the end of its answer. Streams and sockets have deadlines of their own."),
		key("http.idle_timeout", "2m", span(&c.HTTP.IdleTimeout, "1s", "1h"),
			"How long a connection may stay open between two requests."),
		key("http.max_header_bytes", "32768", count(&c.HTTP.MaxHeaderBytes, 4096, 1<<20),
			"Largest header of a request, in bytes."),
		key("http.max_in_flight", "1024", count(&c.HTTP.MaxInFlight, 1, 1_000_000),
			"Requests worked on at once; what comes beyond is answered 503 with Retry-After. Streams and sockets do not count; commands posted beside a stream are counted apart, up to the same number."),
		key("http.trusted_proxies", "", networks(&c.HTTP.TrustedProxies),
			"Addresses of reverse proxies whose X-Forwarded-For is believed. Empty believes none."),

		key("metrics.token", "", text(&c.Metrics.Token),
			"When set, /metrics answers only requests that carry it as a Bearer token.").secret(),

		key("rate_limit", "on", onOff(&c.RateLimit),
			"Whether requests are limited by address and by session. Switch off for load tests only."),
		key("rates.address", "300", rate(&c.Rates.Address),
			"Requests a second that one address may make, commands posted beside a stream among them."),
		key("rates.address_burst", "1500", count(&c.Rates.AddressBurst, 1, 1_000_000),
			"Requests one address may make at once before the rate counts."),
		key("rates.session", "20", rate(&c.Rates.Session),
			"Requests a second within one session."),
		key("rates.session_burst", "100", count(&c.Rates.SessionBurst, 1, 1_000_000),
			"Requests at once within one session before the rate counts."),

		key("centrifugo.max_connections", "100000", count(&c.Centrifugo.MaxConnections, 1, 10_000_000),
			"Open sockets; a further one is refused with 503."),
		key("centrifugo.queue_bytes", "1048576", count(&c.Centrifugo.QueueBytes, 65_536, 1<<30),
			"Bytes waiting for one slow reader before it is told to reconnect."),

		key("socketio.max_connections", "100000", count(&c.SocketIO.MaxConnections, 1, 10_000_000),
			"Open Socket.IO connections; a further one is refused with 503."),
		key("socketio.queue_bytes", "1048576", count(&c.SocketIO.QueueBytes, 65_536, 1<<30),
			"Bytes waiting for one slow Socket.IO reader before its connection is closed."),

		key("chatapi.max_polls", "100000", count(&c.ChatAPI.MaxPolls, 1, 10_000_000),
			"Connections that long polls of the Chat API hold; a further one is refused with 503."),

		key("bot.turns", "64", count(&c.Bot.Turns, 1, 100_000),
			"Turns of one bot that run at once; a slow bot delays only its own clients."),
		key("bot.turn_timeout", "10s", span(&c.Bot.TurnTimeout, "100ms", "10m"),
			"How long a bot may take for one turn before the client is told that it failed."),
		key("bot.remote_answer_time", "15m", span(&c.Bot.RemoteAnswerTime, "1s", "24h"),
			"How long a remote bot that has answered 202 may send its answers to that turn."),
		key("bot.allow_private", "off", onOff(&c.Bot.AllowPrivate),
			"Whether remote bots may be at addresses that are not public, such as 127.0.0.1 or 10.0.0.5, and scripts of bots may call such. Whoever may make bots can then reach your network through the server."),
		key("bot.values", "", text(&c.Bot.Values),
			"A YAML file of what scripts of bots get of $secrets and $env: the name or id of a bot, or *, with secrets and variables. It is read at start."),

		key("webhooks.allow_private", "off", private(&c.Webhooks.AllowPrivate),
			"Whether webhooks may go to addresses that are not public, such as those of this machine and its network: off, on, or to which networks."),
		key("webhooks.timeout", "10s", span(&c.Webhooks.Timeout, "100ms", "1m"),
			"How long a receiver may take to answer a webhook."),
		key("webhooks.give_up", "24h", span(&c.Webhooks.GiveUp, "1s", "720h"),
			"How long a webhook is tried again until it is dead, from when it was written. Each is tried four times at least."),
		key("webhooks.hands", "256", count(&c.Webhooks.Hands, 1, 10_000),
			"Webhooks that this server delivers at once."),
		key("webhooks.per_receiver", "16", count(&c.Webhooks.PerReceiver, 1, 1000),
			"Webhooks that it delivers to one host and port at once; to one that fails, two."),
		key("webhooks.keep", "168h", span(&c.Webhooks.Keep, "1m", "8760h"),
			"How long a webhook is listed after it was delivered."),
		key("webhooks.keep_dead", "720h", span(&c.Webhooks.KeepDead, "1m", "87600h"),
			"How long a dead webhook can be replayed."),
		key("campaigns.keep", "2160h", span(&c.Campaigns.Keep, "1m", "87600h"),
			"How long a campaign is listed, with its recipients, after it ended; one that was never started, after it was made."),
		key("files.dir", "", text(&c.Files.Dir),
			"Folder of the files that clients send, made with access for its owner only. Empty is `files` in the data directory. Several servers over one PostgreSQL must share it, unless the files are in S3; then it holds only what is arriving, and each has its own."),
		key("files.max_size", "20971520", count(&c.Files.MaxSize, 1, 5<<30),
			"Largest file, in bytes."),
		key("files.max_per_request", "10", count(&c.Files.MaxPerRequest, 1, 1000),
			"Files that one request may send."),
		key("files.max_per_session", "100", count(&c.Files.MaxPerSession, 1, 1_000_000),
			"Files that one session may keep."),
		key("files.session_bytes", "268435456", count(&c.Files.SessionBytes, 1, 1<<50),
			"Bytes that all files of one session may have together."),
		key("files.uploads", "256", count(&c.Files.Uploads, 1, 100_000),
			"Uploads received at once; others wait up to 10 s, then are answered 503 with Retry-After. One session may have four of them."),
		key("files.address_uploads", "16", count(&c.Files.AddressUploads, 1, 100_000),
			"Of them, those that one client address (of IPv6: one network of 64 bits) may have, or wait with; more are answered 429. Raise it where a program sends files for many people, and set http.trusted_proxies behind a proxy, or all have one address."),
		key("files.downloads", "1024", count(&c.Files.Downloads, 1, 1_000_000),
			"Downloads served at once; what comes beyond is answered 503 with Retry-After."),
		key("files.address_downloads", "32", count(&c.Files.AddressDownloads, 1, 1_000_000),
			"Of them, those that one client address may have; more are answered 429. See files.address_uploads."),
		key("files.link_ttl", "24h", span(&c.Files.LinkTTL, "1s", "8760h"),
			"How long a link to a file works at least. A link is made anew whenever its message is delivered."),
		key("files.orphan_ttl", "24h", span(&c.Files.OrphanTTL, "1s", "8760h"),
			"How long a file stays that no message refers to. Shorter than an upload takes, it makes uploads fail."),
		key("files.s3.endpoint", "", url(&c.Files.S3.Endpoint, "http", "https"),
			"S3 storage that keeps the files instead of the folder, as https://s3.example.com."),
		key("files.s3.bucket", "", text(&c.Files.S3.Bucket),
			"Its bucket, which must be there."),
		key("files.s3.region", "us-east-1", text(&c.Files.S3.Region),
			"Its region."),
		key("files.s3.access_key", "", text(&c.Files.S3.AccessKey),
			"Access key of a user who may read, write and delete objects of the bucket."),
		key("files.s3.secret_key", "", text(&c.Files.S3.SecretKey),
			"Secret key of that user.").secret(),
		key("files.s3.prefix", "", text(&c.Files.S3.Prefix),
			"What the names of the objects begin with, such as chat/."),
		key("files.s3.path_style", "true", onOff(&c.Files.S3.PathStyle),
			"Whether the bucket is named in the path, as most servers other than Amazon's want it, rather than in the host's name."),
	}
}

func key(name, def string, v value, doc string) Key {
	return Key{Name: name, Default: def, Expects: v.expects, Doc: doc, value: v}
}

func (k Key) secret() Key {
	k.Secret = true
	return k
}
