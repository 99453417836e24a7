package app

import (
	"github.com/govorun/govorun/internal/chat"
	"github.com/govorun/govorun/internal/feed"
	"github.com/govorun/govorun/internal/socketio"
)

// startSocketIO makes the transport of the legacy widget.
func (a *App) startSocketIO(store chat.Reader, service *chat.Service, events *feed.Feed, links socketio.Links) *socketio.Server {
	c := a.params.Config.SocketIO
	const transport = "socketio"
	server := socketio.New(socketio.Params{
		Service: service,
		Feed:    events,
		Events:  store,
		Links:   links,
		Log:     a.params.Log,
		Limits:  socketio.Limits{MaxConnections: c.MaxConnections, QueueBytes: c.QueueBytes},
		Metrics: socketio.Metrics{
			Connections: a.metrics.connections.WithLabelValues(transport),
			SlowReaders: a.metrics.slowReaders.WithLabelValues(transport),
			Lag:         a.metrics.deliveryLag.WithLabelValues(transport),
		},
	})
	a.onClose(server.Close)
	return server
}
