// The client's REST calls. A failed call throws a Failure whose kind is a key of the texts.

const base = "/api/chats/v1";
const patience = 20_000; // ms until a call counts as failed

export class Failure extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status; // 0: no answer
  }

  get kind() {
    switch (this.status) {
      case 0: return "unreachable";
      case 413: return "tooLong";
      case 429: return "tooMany";
      case 503: return "busy";
      default: return "trouble";
    }
  }

  // passing says that the same call may succeed later.
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

// startSession continues the conversation it is given, or starts one.
export function startSession(chat, known, language) {
  return call("PUT", `/chats/${chat}/sessions`, {
    ...known,
    name: "Demo",
    channel: "WIDGET",
    clientTimezone: -new Date().getTimezoneOffset(),
    clientMetadata: { language },
    returnAnswerAsync: true,
  });
}

// history returns every message of a session, oldest first.
export async function history(session) {
  const all = [];
  const limit = 1000;
  for (let after = 0; ; ) {
    const { items } = await call("GET", `/sessions/${session}/messages?limit=${limit}&after=${after}`);
    all.push(...items);
    if (items.length < limit) return all;
    after = items.at(-1).sequence;
  }
}

export function sendMessage(session, body, key) {
  return call("POST", `/sessions/${session}/clients/messages`, { body }, key);
}

export function pressAction(session, action, key) {
  let data;
  try {
    data = JSON.parse(action.data ?? "null");
  } catch {
    data = action.data; // not JSON after all: the bot gets the text
  }
  return call("POST", `/sessions/${session}/actions`, { event: action.event, data }, key);
}

export function closeSession(session) {
  return call("POST", `/sessions/${session}/close`);
}

// newKey is a fresh key for a write that may be repeated. crypto.randomUUID exists in secure
// contexts only, and a page on a local network is none.
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

async function call(method, path, body, key) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(base + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new Failure(0);
  }
  if (!answer.ok) throw new Failure(answer.status);
  try {
    const raw = await answer.text();
    return raw ? JSON.parse(raw) : {};
  } catch {
    throw new Failure(0);
  }
}
