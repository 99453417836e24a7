// A client made of centrifuge-js that asks who is in its channel; see ../driver_test.go for the
// commands, {"do": "present"} besides, and the events.

import { createInterface } from "node:readline";
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";

const { url, sessions } = JSON.parse(process.argv[2]);
const print = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const client = new Centrifuge(`${url.replace("http", "ws")}/centrifugo/connection/websocket`, {
  data: { application: "widget", settings: { sessions } },
  websocket: WebSocket,
  minReconnectDelay: 50,
  maxReconnectDelay: 300,
});
const subscription = client.newSubscription(`widget:${sessions[0]}`);
client.on("connected", () => print({ event: "connected" }));
subscription.on("subscribed", () => print({ event: "subscribed" }));

const commands = {
  connect: () => {
    client.connect();
    subscription.subscribe();
  },
  present: async () => {
    try {
      const { numClients } = await subscription.presenceStats();
      const { clients } = await subscription.presence();
      print({ event: "reply", data: { numClients, clients: Object.keys(clients).length } });
    } catch ({ code, message }) {
      print({ event: "reply", code, message });
    }
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => commands[JSON.parse(line).do]())
  .on("close", () => process.exit());
