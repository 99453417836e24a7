// A small client of Centrifugo's JSON protocol over WebSocket: server-side subscriptions only,
// each recovered from its own position after a lost connection.

const firstDelay = 500; // ms before the first new attempt; doubles with each
const longestDelay = 15_000;
const grace = 10_000; // ms a ping may be late, and a connection take to open

export class Centrifugo {
  #url;
  #handlers;
  #data;
  #positions = new Map(); // by channel: {offset, epoch}
  #socket = null;
  #failures = 0;
  #retry = 0;
  #watchdog = 0;
  #silence = grace;

  // handlers: state(name), publication(channel, data), lost(channel): messages may be missing,
  // and missing(): the server knows none of the channels asked for.
  constructor(path, handlers) {
    this.#url = new URL(path, location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    this.#handlers = handlers;
  }

  // open connects with the data of the connect command, forgetting all positions.
  open(data) {
    this.close();
    this.#data = data;
    this.#positions.clear();
    this.#failures = 0;
    this.#connect();
  }

  close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  // hurry makes the next attempt now, when the network is back.
  hurry() {
    if (this.#socket || !this.#retry) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  #connect() {
    this.#retry = 0;
    this.#handlers.state("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#silence = grace;
    this.#watch(socket);
    socket.onopen = () => this.#send({ id: 1, connect: { name: "govorun-page", data: this.#data, subs: this.#wanted() } });
    socket.onmessage = (e) => {
      if (socket !== this.#socket) return;
      this.#watch(socket);
      for (const line of e.data.split("\n")) {
        if (line) this.#take(JSON.parse(line));
      }
    };
    socket.onclose = (e) => this.#lost(socket, e.code);
  }

  #wanted() {
    const subs = {};
    for (const [channel, { offset, epoch }] of this.#positions) subs[channel] = { recover: true, offset, epoch };
    return subs;
  }

  #send(command) {
    this.#socket?.send(JSON.stringify(command));
  }

  #take(frame) {
    if (frame.id === 1) this.#connected(frame);
    else if (frame.push) this.#pushed(frame.push);
    else if (Object.keys(frame).length === 0) this.#send({}); // a ping wants a pong
  }

  #connected({ connect, error }) {
    if (error) {
      this.#socket?.close(error.temporary ? 3000 : 3500);
      return;
    }
    this.#failures = 0;
    if (connect.ping) this.#silence = connect.ping * 1000 + grace;
    this.#watch(this.#socket);
    const subs = Object.entries(connect.subs ?? {});
    if (subs.length === 0) {
      this.close();
      this.#handlers.missing();
      return;
    }
    this.#handlers.state("online");
    for (const [channel, sub] of subs) this.#subscribed(channel, sub);
  }

  #subscribed(channel, sub) {
    const before = this.#positions.get(channel);
    const missed = sub.publications ?? [];
    for (const pub of missed) this.#handlers.publication(channel, pub.data);
    const offset = missed.at(-1)?.offset ?? sub.offset ?? 0;
    if (sub.recoverable) this.#positions.set(channel, { offset, epoch: sub.epoch ?? "" });
    if (before && !sub.recovered) this.#handlers.lost(channel);
  }

  #pushed(push) {
    if (push.pub) {
      const position = this.#positions.get(push.channel);
      if (position && push.pub.offset) position.offset = push.pub.offset;
      this.#handlers.publication(push.channel, push.pub.data);
    } else if (push.subscribe) {
      this.#subscribed(push.channel, push.subscribe);
    } else if (push.unsubscribe) {
      this.#positions.delete(push.channel);
    } else if (push.disconnect) {
      this.#lost(this.#socket, push.disconnect.code);
    }
  }

  // watch gives up a connection on which not even a ping has come for too long.
  #watch(socket) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lost(socket, 3000), this.#silence);
  }

  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.close();
    socket.close();
    // Centrifugo's codes 3500-3999 and 4500-4999 say that another attempt is of no use.
    if ((code >= 3500 && code < 4000) || (code >= 4500 && code < 5000)) {
      this.#handlers.state("stopped");
      return;
    }
    this.#handlers.state("offline");
    const delay = Math.min(longestDelay, firstDelay * 2 ** this.#failures++);
    this.#retry = setTimeout(() => this.#connect(), delay * (0.5 + Math.random() / 2));
  }
}
