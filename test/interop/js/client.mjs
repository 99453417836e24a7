// A client made of centrifuge-js, led over standard input; see ../driver_test.go for the
// commands and the events it prints.

import { createInterface } from "node:readline";
import { EventSource } from "eventsource";
import WebSocket from "ws";

const options = JSON.parse(process.argv[2]);
const binary = options.protocol === "protobuf";
const { Centrifuge } = await import(binary ? "centrifuge/build/protobuf" : "centrifuge");

const utf8 = { encode: (v) => new TextEncoder().encode(JSON.stringify(v)), decode: (b) => JSON.parse(new TextDecoder().decode(b)) };
const pack = (v) => (binary ? utf8.encode(v) : v);
const unpack = (v) => (binary && v !== undefined ? utf8.decode(v) : v);
const print = (event) => process.stdout.write(JSON.stringify(event) + "\n");

const settings = { sessions: options.sessions };
if (options.echo) settings.echo = true;
const endpoint = `${options.url}/centrifugo/connection/${options.transport}`;
const client = new Centrifuge(
  options.transport === "websocket" ? endpoint.replace("http", "ws") : [{ transport: options.transport, endpoint }],
  {
    name: "js",
    data: pack({ application: "widget", settings }),
    minReconnectDelay: 50,
    maxReconnectDelay: 300,
    websocket: WebSocket,
    eventsource: EventSource,
    // As a browser does: the default emulation endpoint is relative to the page.
    fetch: (url, init) => fetch(new URL(url, options.url), init),
    readableStream: ReadableStream,
  },
);

client.on("connecting", ({ code }) => print({ event: "connecting", code }));
client.on("connected", () => print({ event: "connected" }));
client.on("disconnected", ({ code }) => print({ event: "disconnected", code }));
client.on("error", ({ type, error }) => print({ event: "error", message: `${type}: ${error.message}` }));
listen(client, "server");
if (options.follow) {
  client.on("subscribed", ({ channel }) => {
    if (!client.getSubscription(channel)) commands.subscribe({ channel });
  });
}

function listen(source, by) {
  source.on("subscribed", ({ channel, wasRecovering, recovered, streamPosition }) =>
    print({ event: "subscribed", by, channel, recovering: wasRecovering, recovered, offset: streamPosition?.offset ?? 0 }));
  source.on("unsubscribed", ({ channel, code }) => print({ event: "unsubscribed", by, channel, code }));
  source.on("publication", ({ channel, offset, data }) =>
    print({ event: "publication", by, channel, offset: offset ?? 0, data: unpack(data) }));
}

const commands = {
  connect: () => client.connect(),
  disconnect: () => client.disconnect(),
  subscribe: ({ channel }) => {
    const subscription = client.newSubscription(channel, { minResubscribeDelay: 50, maxResubscribeDelay: 300 });
    listen(subscription, "client");
    subscription.on("error", ({ error }) => print({ event: "error", message: `subscribe: ${error.message}` }));
    subscription.subscribe();
  },
  rpc: async ({ method, data }) => {
    try {
      const answer = await client.rpc(method, pack(data));
      print({ event: "reply", data: unpack(answer.data) });
    } catch ({ code, message }) {
      print({ event: "reply", code, message });
    }
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit());
