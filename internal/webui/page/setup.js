// The page of the one-time link: it exchanges the token behind the # for the first API key. The
// token is sent when the person asks for the key and not before, since it works once.

import { name, preferred, speak } from "./text.js";

const $ = (id) => document.getElementById(id);
const token = location.hash.slice(1);

// ask returns the status of the exchange, 0 for no answer, and the key if there is one.
async function ask() {
  try {
    const answer = await fetch("/api/admin/v1/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, name: $("name").value.trim() }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: answer.status, key: answer.ok ? (await answer.json()).key : "" };
  } catch {
    return { status: 0, key: "" };
  }
}

function problem(key) {
  $("problem").hidden = key === "";
  name($("problem"), key);
}

function problemOf(status) {
  switch (status) {
    case 0: return "unreachable";
    case 400: return "setupBadName";
    case 403: return "setupVoid";
    case 429: return "tooMany";
    case 503: return "busy";
    default: return "trouble";
  }
}

async function exchange() {
  $("get").disabled = true;
  problem("");
  const { status, key } = await ask();
  $("get").disabled = false;
  if (!key) {
    problem(problemOf(status));
    $("ask").hidden = status === 403;
    return;
  }
  history.replaceState(null, "", "/setup"); // it is of no use to anybody any more
  $("ask").hidden = true;
  $("given").hidden = false;
  $("key").textContent = key;
  $("next").textContent = `export GOVORUN_SERVER=${location.origin} GOVORUN_KEY=${key}\ngovorun admin chats list`;
  $("key").focus();
}

// select marks the key, to be copied by hand.
function select() {
  const range = document.createRange();
  range.selectNodeContents($("key"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

$("ask").addEventListener("submit", (e) => {
  e.preventDefault();
  exchange();
});

$("copy").addEventListener("click", async () => {
  select();
  try { // browsers allow it in secure contexts only
    await navigator.clipboard.writeText($("key").textContent);
    name($("copy"), "setupCopied");
  } catch { /* it is selected */ }
});

for (const b of document.querySelectorAll("[data-language]")) {
  b.addEventListener("click", () => speak(b.dataset.language));
}

speak(preferred());
$("ask").hidden = token === "";
problem(token === "" ? "setupNoToken" : "");
