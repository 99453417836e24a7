// The page: a person talks to the demo bot over the public API, REST for what the person does
// and Centrifugo for what happens.

import * as api from "./api.js";
import { Centrifugo } from "./centrifugo.js";
import * as messages from "./messages.js";
import { name, preferred, speak } from "./text.js";

const demoChat = "11111111-1111-4111-8111-111111111111";
const typingLasts = 10_000; // ms without a message until the indicator goes

const $ = (id) => document.getElementById(id);
const store = {
  read: (key) => { try { return localStorage.getItem(`govorun.${key}`) || ""; } catch { return ""; } },
  write: (key, value) => { try { localStorage.setItem(`govorun.${key}`, value); } catch { /* private mode: forgotten with the page */ } },
};

let session = "";
let language = speak(store.read("language") || preferred());
let outbox = Promise.resolve(); // one write after the other keeps the person's order
let typingTimer = 0;

const socket = new Centrifugo("/centrifugo/connection/websocket", {
  state: showState,
  publication: (channel, data) => happened(data),
  lost: () => attempt(loadHistory),
  missing: () => showState("stopped"),
});

// start continues the remembered conversation, or begins one, and listens to it.
async function start() {
  showState("starting");
  notice("");
  const begun = await begin();
  if (begun.id !== session) messages.clear();
  session = begun.id;
  store.write("session", begun.id);
  store.write("client", begun.clientId);
  closed(false);
  await loadHistory();
  socket.open({ application: "widget", settings: { userId: begun.clientId, sessions: [session], echo: true } });
  $("text").focus();
}

// begin starts with what is remembered; if the server knows nothing of it, as a stranger.
async function begin() {
  const known = { sessionId: store.read("session") || undefined, clientId: store.read("client") || undefined };
  try {
    return await api.startSession(demoChat, known, language);
  } catch (e) {
    if (e.status !== 404 || !(known.sessionId || known.clientId)) throw e;
    forget();
    store.write("client", "");
    return api.startSession(demoChat, {}, language);
  }
}

async function restart() {
  const old = session;
  if (old && !$("composer").inert) await api.closeSession(old).catch(() => {}); // it may be over already
  socket.close();
  forget();
  messages.clear();
  await start();
}

function forget() {
  session = "";
  store.write("session", "");
}

async function loadHistory() {
  for (const m of await api.history(session)) messages.show(m, choose);
}

// happened takes one publication. Both channels may carry the same, so everything here may be
// told twice.
function happened({ event, data, sequence }) {
  switch (event) {
    case "chatMessageCreated":
      if (data.authorType !== "CLIENT") typing(false);
      messages.show({ ...data, sequence }, choose);
      break;
    case "showTypingIndicator":
      if (data.authorType !== "CLIENT") typing(true);
      break;
    case "sessionClosed":
      if (!data.sessionId || data.sessionId === session) closed(true);
      break;
  }
}

function say(body) {
  const to = session;
  const key = api.newKey(); // the same for every attempt: said once, however often it is tried
  const deliver = () => {
    outbox = outbox.then(async () => {
      try {
        line.sent(await api.sendMessage(to, body, key));
        notice("");
      } catch (e) {
        line.failed();
        failed(e);
      }
    });
  };
  const line = messages.pending(body, deliver);
  deliver();
}

function choose({ text: body, action }) {
  $("text").focus();
  if (body !== undefined) {
    say(body);
    return;
  }
  messages.withdrawChoices();
  const to = session;
  const key = api.newKey();
  const press = () => attempt(() => api.pressAction(to, action, key));
  outbox = outbox.then(press);
}

// attempt runs what may fail, and offers to try again.
async function attempt(act) {
  try {
    await act();
  } catch (e) {
    failed(e, () => attempt(act));
  }
}

function failed(e, again) {
  if (!(e instanceof api.Failure)) throw e;
  if (e.status === 404 && !session) {
    showState("stopped");
    notice("demoOff", "retry", () => attempt(start));
  } else if (e.status === 404 || e.status === 422) {
    closed(true);
  } else {
    notice(e.kind, again && "retry", again);
  }
}

function closed(is) {
  $("composer").inert = is;
  if (!is) return;
  typing(false);
  messages.withdrawChoices();
  notice("closed", "restart", () => attempt(restart));
}

// notice tells the person something, "" takes it back.
function notice(key, actionKey, act) {
  const action = $("notice-action");
  $("notice").hidden = key === "";
  name($("notice-text"), key);
  action.hidden = !actionKey;
  name(action, actionKey ?? "");
  action.onclick = () => { notice(""); act(); };
}

function showState(state) {
  $("connection").dataset.state = state;
  name($("connection"), state);
  if (state === "stopped" && session) notice("trouble", "retry", () => attempt(start));
}

function typing(on) {
  clearTimeout(typingTimer);
  $("typing").hidden = !on;
  if (on) typingTimer = setTimeout(() => typing(false), typingLasts);
}

$("composer").addEventListener("submit", (e) => {
  e.preventDefault();
  const body = $("text").value.trim();
  if (!body || !session) return;
  $("text").value = "";
  $("text").focus();
  say(body);
});

$("text").addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
  e.preventDefault();
  $("composer").requestSubmit();
});

$("restart").addEventListener("click", () => attempt(restart));

for (const b of document.querySelectorAll("[data-language]")) {
  b.addEventListener("click", () => {
    language = speak(b.dataset.language);
    store.write("language", language);
  });
}

addEventListener("online", () => socket.hurry());

attempt(start);
