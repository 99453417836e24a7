package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	dto "github.com/prometheus/client_model/go"

	"github.com/govorun/govorun/internal/bot/remote"
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/files"
	"github.com/govorun/govorun/internal/relay"
)

// metrics are the numbers the server shows. Packages count into those they are given.
type metrics struct {
	registry *prometheus.Registry

	messages      *prometheus.CounterVec // by author
	turns         *prometheus.CounterVec // by outcome
	turnSeconds   prometheus.Histogram
	feedGaps      prometheus.Counter
	deliveryLag   *prometheus.HistogramVec // by transport
	connections   *prometheus.GaugeVec     // by transport
	slowReaders   *prometheus.CounterVec   // by transport
	commitSize    prometheus.Histogram
	commitSeconds prometheus.Histogram
	retries       prometheus.Counter
	requests      *prometheus.CounterVec // by route and status
	requestTime   *prometheus.HistogramVec
	rateLimited   prometheus.Counter
	overloaded    prometheus.Counter
	inFlight      prometheus.Gauge
	turnsInHand   prometheus.Gauge
	remote        remote.Metrics
	timersPending prometheus.Gauge
	timersFired   *prometheus.CounterVec // by outcome
	timerLag      prometheus.Histogram
	longPolls     prometheus.Gauge
	campaignSends *prometheus.CounterVec // by outcome
	nodes         prometheus.Gauge
	nodeEldest    prometheus.Gauge
	nodesRemoved  prometheus.Counter

	webhookAttempts *prometheus.CounterVec // by outcome
	webhookSeconds  prometheus.Histogram
	webhookLag      prometheus.Histogram
	webhooksInHand  prometheus.Gauge
	webhooksPending prometheus.Gauge
	webhooksDead    prometheus.Gauge
}

// Buckets of histograms: of what takes milliseconds, in seconds, and of sizes.
var (
	secondBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	sizeBuckets   = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}
	lagBuckets    = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 14_400, 86_400}
)

func newMetrics() *metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return promauto.With(registry).NewCounterVec(prometheus.CounterOpts{Namespace: "govorun", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return promauto.With(registry).NewHistogramVec(prometheus.HistogramOpts{Namespace: "govorun", Name: name, Help: help, Buckets: buckets}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return promauto.With(registry).NewGauge(prometheus.GaugeOpts{Namespace: "govorun", Name: name, Help: help})
	}
	single := func(v *prometheus.HistogramVec) prometheus.Histogram {
		return v.WithLabelValues().(prometheus.Histogram)
	}
	m := &metrics{
		registry:      registry,
		messages:      counter("messages_total", "Messages stored, by author.", "author"),
		turns:         counter("turns_total", "Turns of bots, by outcome.", "outcome"),
		turnSeconds:   single(histogram("turn_seconds", "Time from the start of a bot's turn to its commit.", secondBuckets)),
		feedGaps:      counter("feed_gaps_total", "Readings of the log because a ring was lost or late.").WithLabelValues(),
		deliveryLag:   histogram("delivery_lag_seconds", "Time from an event to its hand-over to the first connection, by transport.", secondBuckets, "transport"),
		connections:   promauto.With(registry).NewGaugeVec(prometheus.GaugeOpts{Namespace: "govorun", Name: "connections", Help: "Open connections, by transport."}, []string{"transport"}),
		slowReaders:   counter("slow_readers_total", "Connections told to reconnect because they read too slowly, by transport.", "transport"),
		commitSize:    single(histogram("commit_transactions", "Transactions in one commit.", sizeBuckets)),
		commitSeconds: single(histogram("commit_seconds", "Time of one commit, until it is flushed to disk.", secondBuckets)),
		retries:       counter("transaction_retries_total", "Transactions run again, because they met others or their connection broke.").WithLabelValues(),
		requests:      counter("http_requests_total", "HTTP requests answered, by route and status; sockets and streams are not among them.", "route", "status"),
		requestTime:   histogram("http_request_seconds", "Time of an HTTP request, by route.", secondBuckets, "route"),
		rateLimited:   counter("rate_limited_total", "HTTP requests refused because their address or session asked too often.").WithLabelValues(),
		inFlight:      gauge("http_requests_in_flight", "HTTP requests that are worked on."),
		overloaded:    counter("overloaded_total", "HTTP requests refused because too many were worked on.").WithLabelValues(),
		turnsInHand:   gauge("turns_in_hand", "Turns that bots work on."),
		remote: remote.Metrics{
			Calls:   counter("remote_bot_calls_total", "Calls of remote bots, by outcome.", "outcome"),
			Seconds: single(histogram("remote_bot_call_seconds", "Time of one call of a remote bot.", secondBuckets)),
			Answers: counter("remote_bot_answers_total", "Later answers of remote bots, by outcome.", "outcome"),
		},
		timersPending: gauge("timers_pending", "Timers of bots that wait, of all nodes; the eldest node counts them."),
		timersFired:   counter("timers_fired_total", "Timers of bots that were due, by outcome: fired, held (somebody else answers), dropped, gone (another node was quicker), or failed (it is tried again).", "outcome"),
		timerLag:      single(histogram("timer_lag_seconds", "Time from when a timer was due until it fired.", lagBuckets)),

		longPolls:     gauge("long_polls", "Connections that long polls of the Chat API hold."),
		campaignSends: counter("campaign_recipients_total", "Recipients of campaigns that this node has tried, by outcome: sent or failed.", "outcome"),
		nodes:         gauge("nodes", "Nodes over the same data that this one sees alive, itself among them."),
		nodeEldest:    gauge("node_eldest", "1 on the node that closes expired sessions for all, 0 on the others."),
		nodesRemoved:  counter("nodes_removed_total", "Nodes that this one has found dead.").WithLabelValues(),

		webhookAttempts: counter("webhook_attempts_total", "Attempts to deliver a webhook, by outcome: delivered, failed (it is tried again), dead, or not_settled (it may be repeated).", "outcome"),
		webhookSeconds:  single(histogram("webhook_seconds", "Time of one attempt to deliver a webhook.", secondBuckets)),
		webhookLag:      single(histogram("webhook_lag_seconds", "Time from the commit of what a webhook tells to its delivery.", lagBuckets)),
		webhooksInHand:  gauge("webhooks_in_hand", "Streams of webhooks that are worked on."),
		webhooksPending: gauge("webhooks_pending", "Webhooks that wait to be delivered, of all nodes; the eldest node counts them."),
		webhooksDead:    gauge("webhooks_dead", "Webhooks that were given up and can be replayed; the eldest node counts them."),
	}
	for _, outcome := range []string{"delivered", "failed", "dead", "not_settled"} { // so that they are shown from the start
		m.webhookAttempts.WithLabelValues(outcome)
	}
	m.campaign(chat.CampaignStep{})
	return m
}

// total sums up a gauge over its labels.
func total(gauge prometheus.Collector) (sum int64) {
	samples := make(chan prometheus.Metric)
	go func() {
		defer close(samples)
		gauge.Collect(samples)
	}()
	for s := range samples {
		var m dto.Metric
		if s.Write(&m) == nil {
			sum += int64(m.GetGauge().GetValue())
		}
	}
	return sum
}

// newRelay adds what is counted of the link to other nodes; a server without one does not show it.
func (m *metrics) newRelay() relay.Metrics {
	gauge := promauto.With(m.registry).NewGauge(prometheus.GaugeOpts{
		Namespace: "govorun", Name: "relay_up", Help: "Whether news between nodes goes through Redis: 1, or 0.",
	})
	counter := func(name, help string) prometheus.Counter {
		return promauto.With(m.registry).NewCounter(prometheus.CounterOpts{Namespace: "govorun", Name: name, Help: help})
	}
	return relay.Metrics{
		Up:         gauge,
		Published:  counter("relay_published_total", "Rings given to Redis."),
		Received:   counter("relay_received_total", "Rings of other nodes handed on."),
		Dropped:    counter("relay_dropped_total", "Rings not given to Redis; their events come from the log."),
		Unreadable: counter("relay_unreadable_total", "Messages of other nodes that were not understood."),
	}
}

// newFiles adds what is counted of files.
func (m *metrics) newFiles() files.Metrics {
	counter := func(name, help string) prometheus.Counter {
		return promauto.With(m.registry).NewCounter(prometheus.CounterOpts{Namespace: "govorun", Name: name, Help: help})
	}
	return files.Metrics{
		Stored:    counter("files_stored_total", "Files received and kept."),
		Bytes:     counter("files_stored_bytes_total", "Bytes of the files received and kept."),
		Removed:   counter("files_removed_total", "Files removed because no message referred to them."),
		Transfers: promauto.With(m.registry).NewGauge(prometheus.GaugeOpts{Namespace: "govorun", Name: "file_transfers", Help: "Uploads and downloads under way."}),
	}
}

// ring counts what a commit has stored.
func (m *metrics) ring(r chat.Ring) {
	for i := range r.Events {
		if said := r.Events[i].Message(); said != nil {
			m.messages.WithLabelValues(string(said.AuthorType)).Inc()
		}
	}
}

// request counts an answered request. The route is the pattern that matched, so there are no
// more of them than routes.
func (m *metrics) request(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.requestTime.WithLabelValues(route).Observe(took.Seconds())
	if status == http.StatusTooManyRequests {
		m.rateLimited.Inc()
	}
}

// campaign counts what a campaign has sent.
func (m *metrics) campaign(step chat.CampaignStep) {
	m.campaignSends.WithLabelValues("sent").Add(float64(step.Tried - step.Failed))
	m.campaignSends.WithLabelValues("failed").Add(float64(step.Failed))
}
