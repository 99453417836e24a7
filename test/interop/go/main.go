// Command client is a client made of centrifuge-go, led over standard input; see
// ../driver_test.go for the commands and the events it prints. It is a module of its own, so
// that the product does not depend on the library.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

const (
	firstDelay   = 50 * time.Millisecond  // before the first new attempt to connect or subscribe
	longestDelay = 300 * time.Millisecond // between two of them
	callTimeout  = 10 * time.Second
)

type options struct {
	URL      string   `json:"url"`
	Protocol string   `json:"protocol"`
	Sessions []string `json:"sessions"`
	Echo     bool     `json:"echo"`
	Follow   bool     `json:"follow"`
}

type command struct {
	Do      string          `json:"do"`
	Channel string          `json:"channel"`
	Method  string          `json:"method"`
	Data    json.RawMessage `json:"data"`
}

type event struct {
	Event      string          `json:"event"`
	By         string          `json:"by,omitempty"`
	Channel    string          `json:"channel,omitempty"`
	Code       uint32          `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
	Recovering bool            `json:"recovering,omitempty"`
	Recovered  bool            `json:"recovered,omitempty"`
	Offset     uint64          `json:"offset,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
}

// printer writes events, which come from several goroutines.
type printer struct {
	mu  sync.Mutex
	out *json.Encoder
}

func (p *printer) print(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.out.Encode(e); err != nil {
		log.Fatal(err)
	}
}

func main() {
	var o options
	if err := json.Unmarshal([]byte(os.Args[1]), &o); err != nil {
		log.Fatal(err)
	}
	p := &printer{out: json.NewEncoder(os.Stdout)}
	client := newClient(o, p)
	defer client.Close()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var c command
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			log.Fatal(err)
		}
		if err := obey(client, p, c); err != nil {
			p.print(event{Event: "error", Message: err.Error()})
		}
	}
}

func newClient(o options, p *printer) *centrifuge.Client {
	settings := map[string]any{"sessions": o.Sessions}
	if o.Echo {
		settings["echo"] = true
	}
	data, err := json.Marshal(map[string]any{"application": "widget", "settings": settings})
	if err != nil {
		log.Fatal(err)
	}
	config := centrifuge.Config{Name: "js", Data: data, MinReconnectDelay: firstDelay, MaxReconnectDelay: longestDelay}
	url := strings.Replace(o.URL, "http", "ws", 1) + "/centrifugo/connection/websocket"
	client := centrifuge.NewJsonClient(url, config)
	if o.Protocol == "protobuf" {
		client = centrifuge.NewProtobufClient(url, config)
	}
	client.OnConnecting(func(e centrifuge.ConnectingEvent) { p.print(event{Event: "connecting", Code: e.Code}) })
	client.OnConnected(func(centrifuge.ConnectedEvent) { p.print(event{Event: "connected"}) })
	client.OnDisconnected(func(e centrifuge.DisconnectedEvent) { p.print(event{Event: "disconnected", Code: e.Code}) })
	client.OnError(func(e centrifuge.ErrorEvent) { p.print(event{Event: "error", Message: e.Error.Error()}) })
	client.OnSubscribed(func(e centrifuge.ServerSubscribedEvent) {
		p.print(event{Event: "subscribed", By: "server", Channel: e.Channel, Recovering: e.WasRecovering, Recovered: e.Recovered, Offset: offset(e.StreamPosition)})
		if _, has := client.GetSubscription(e.Channel); o.Follow && !has {
			if err := subscribe(client, p, e.Channel); err != nil {
				p.print(event{Event: "error", Message: err.Error()})
			}
		}
	})
	client.OnUnsubscribed(func(e centrifuge.ServerUnsubscribedEvent) {
		p.print(event{Event: "unsubscribed", By: "server", Channel: e.Channel})
	})
	client.OnPublication(func(e centrifuge.ServerPublicationEvent) {
		p.print(event{Event: "publication", By: "server", Channel: e.Channel, Offset: e.Offset, Data: e.Data})
	})
	return client
}

func offset(p *centrifuge.StreamPosition) uint64 {
	if p == nil {
		return 0
	}
	return p.Offset
}

func obey(client *centrifuge.Client, p *printer, c command) error {
	switch c.Do {
	case "connect":
		return client.Connect()
	case "disconnect":
		return client.Disconnect()
	case "subscribe":
		return subscribe(client, p, c.Channel)
	case "rpc":
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		p.print(reply(client.RPC(ctx, c.Method, c.Data)))
		return nil
	default:
		return errors.New("unknown command " + c.Do)
	}
}

func reply(r centrifuge.RPCResult, err error) event {
	var refused *centrifuge.Error
	switch {
	case errors.As(err, &refused):
		return event{Event: "reply", Code: refused.Code, Message: refused.Message}
	case err != nil:
		return event{Event: "error", Message: err.Error()}
	default:
		return event{Event: "reply", Data: r.Data}
	}
}

func subscribe(client *centrifuge.Client, p *printer, channel string) error {
	s, err := client.NewSubscription(channel, centrifuge.SubscriptionConfig{MinResubscribeDelay: firstDelay, MaxResubscribeDelay: longestDelay})
	if err != nil {
		return err
	}
	s.OnSubscribed(func(e centrifuge.SubscribedEvent) {
		p.print(event{Event: "subscribed", By: "client", Channel: channel, Recovering: e.WasRecovering, Recovered: e.Recovered, Offset: offset(e.StreamPosition)})
	})
	s.OnUnsubscribed(func(e centrifuge.UnsubscribedEvent) {
		p.print(event{Event: "unsubscribed", By: "client", Channel: channel, Code: e.Code})
	})
	s.OnPublication(func(e centrifuge.PublicationEvent) {
		p.print(event{Event: "publication", By: "client", Channel: channel, Offset: e.Offset, Data: e.Data})
	})
	s.OnError(func(e centrifuge.SubscriptionErrorEvent) { p.print(event{Event: "error", Message: e.Error.Error()}) })
	return s.Subscribe()
}
