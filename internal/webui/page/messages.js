// The list of messages. Every message is shown once, by its id, and in the order of its
// sequence; what is not acknowledged yet stands at the end. Texts are never read as HTML.

import { clock, name, text } from "./text.js";

const list = document.getElementById("messages");
const shown = new Map(); // by id: list item
const sending = new Set(); // list items without an id
const reach = 80; // px from the end that still count as being there
let atEnd = true; // whether the person follows the end of the list
let top = 0; // where the list was scrolled to

// Only scrolling back ends following: the list may have grown since it was scrolled.
list.addEventListener("scroll", () => {
  atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < reach || (atEnd && list.scrollTop >= top);
  top = list.scrollTop;
});
// The list and its items change their size without a new message too: a notice comes up, a
// message turns out not to be sent, the keyboard of a phone opens.
const sizes = new ResizeObserver(() => { if (atEnd) list.scrollTop = list.scrollHeight; });
sizes.observe(list);

export function clear() {
  list.replaceChildren();
  shown.clear();
  sending.clear();
}

// show adds a message. choose is called with what the client picked: {text} or {action}.
export function show(message, choose) {
  const known = shown.get(message.id);
  if (known) {
    if (message.sequence && !known.dataset.sequence) place(known, message.sequence); // sent from here
    return;
  }
  const mine = message.authorType === "CLIENT";
  const item = (mine && adopt(message.body)) || create(mine, message.body);
  item.dataset.id = message.id;
  item.dataset.author = message.authorType;
  shown.set(message.id, item);
  settle(item, message);
  if (!mine) {
    addFiles(item, [...(message.attachments ?? []), ...pages(message.actions ?? [])]);
    addChoices(item, message, choose);
  }
  place(item, message.sequence);
}

// pending shows a message that is on its way, and returns what its end is told to.
export function pending(body, retry) {
  const item = create(true, body);
  sending.add(item);
  place(item);
  const state = (key) => {
    if (item.dataset.id) return; // it came by the socket meanwhile
    item.dataset.state = key;
    const about = document.createElement("span");
    name(about, key);
    item.querySelector(".about").replaceChildren(about);
    if (key !== "failed") return;
    const again = button("", () => {
      again.remove();
      state("sending");
      retry();
    });
    name(again, "retry");
    again.dataset.testid = "retry";
    item.append(again);
  };
  state("sending");
  return {
    failed: () => state("failed"),
    sent: ({ id, createdAt, sequence }) => {
      if (item.dataset.id) return;
      sending.delete(item);
      if (shown.has(id)) {
        item.remove();
        return;
      }
      item.dataset.id = id;
      shown.set(id, item);
      settle(item, { authorType: "CLIENT", createdAt });
      if (sequence) place(item, sequence);
    },
  };
}

// withdrawChoices takes back all buttons: one was pressed.
export function withdrawChoices() {
  for (const choices of list.querySelectorAll(".choices")) choices.remove();
}

function create(mine, body) {
  const item = document.createElement("li");
  item.dataset.testid = "message";
  item.dataset.author = mine ? "CLIENT" : "BOT";
  item.classList.toggle("mine", mine);
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  bubble.dataset.testid = "body";
  bubble.textContent = body;
  bubble.hidden = body === "";
  const about = document.createElement("div");
  about.className = "about";
  item.append(bubble, about);
  return item;
}

// adopt finds the message that was on its way when the socket brought it, with its id.
function adopt(body) {
  for (const item of sending) {
    if (item.querySelector(".bubble").textContent !== body) continue;
    sending.delete(item);
    item.querySelector("[data-testid=retry]")?.remove();
    return item;
  }
  return null;
}

function settle(item, { authorType, authorName, createdAt }) {
  delete item.dataset.state;
  const author = document.createElement("span");
  if (authorName) author.textContent = authorName;
  else name(author, { CLIENT: "you", OPERATOR: "operator" }[authorType] ?? "bot");
  const time = document.createElement("time");
  time.dateTime = createdAt;
  time.textContent = clock(createdAt);
  item.querySelector(".about").replaceChildren(author, ", ", time);
}

// place puts an item after the last one that came before it. One that has no sequence yet stands
// at the end. What the bot offered before a message of the person's is no longer a choice.
function place(item, sequence = Infinity) {
  if (sequence < Infinity) item.dataset.sequence = sequence;
  let next = null;
  for (let e = list.lastElementChild; e; e = e.previousElementSibling) {
    if (e === item) continue;
    if ((Number(e.dataset.sequence) || Infinity) <= sequence) break;
    next = e;
  }
  if (item.parentNode !== list || item.nextElementSibling !== next) list.insertBefore(item, next);
  if (item.classList.contains("mine") && sequence < Infinity) {
    for (const choices of list.querySelectorAll(".choices")) {
      if (choices.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING) choices.remove();
    }
  }
  sizes.observe(item);
  atEnd ||= item.classList.contains("mine");
}

function addChoices(item, message, choose) {
  const texts = new Set([...(message.answers ?? []), ...(message.keyboard?.buttons ?? []).map((b) => b.text)]);
  const actions = (message.actions ?? []).filter((a) => a.event);
  if (texts.size + actions.length === 0) return;
  const choices = document.createElement("div");
  choices.className = "choices";
  choices.dataset.testid = "choices";
  for (const t of texts) choices.append(button(t, () => choose({ text: t })));
  for (const a of actions) choices.append(button(a.label || a.event, () => choose({ action: a })));
  item.append(choices);
}

function addFiles(item, attachments) {
  if (attachments.length === 0) return;
  const files = document.createElement("div");
  files.className = "files";
  for (const a of attachments) {
    const target = safe(a.url || a.downloadLink);
    const link = document.createElement(target ? "a" : "span");
    link.textContent = a.name || text("file");
    if (target) {
      link.href = target;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    }
    files.append(link);
  }
  item.append(files);
}

// pages are what actions open, to be shown beside the files.
function pages(actions) {
  return actions
    .filter((a) => a.type === "url")
    .map((a) => {
      try {
        return { name: a.label, url: String(JSON.parse(a.data).url) };
      } catch {
        return { name: a.label, url: "about:blank" }; // which is not shown as a link
      }
    });
}

// safe lets through addresses of the web only: a message must not carry a script.
function safe(address) {
  try {
    const url = new URL(address, location.href);
    return ["http:", "https:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

function button(label, press) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = label;
  b.addEventListener("click", press);
  return b;
}
