// A person with a browser on the demo page. It is led over standard input like the clients
// (../driver_test.go): "kill" and "start" events ask for the server to be killed and started,
// and any command says that it is done. A failed expectation ends it with an error.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, devices } from "playwright-core";

const { url, executable, pictures } = JSON.parse(process.argv[2]);
const patience = 20_000; // ms
const print = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const commands = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// ask has the test do something with the server.
async function ask(what) {
  print({ event: what });
  await commands.next();
}

// visit opens the demo page.
async function visit(context) {
  const visitor = await open(context, url);
  await online(visitor.page);
  return visitor;
}

// open opens a page and notes everything it complains of.
async function open(context, address) {
  const page = await context.newPage();
  const visitor = { page, complaints: [], serverDown: false };
  const lost = /ERR_(CONNECTION|NETWORK|EMPTY|INCOMPLETE|SOCKET)|WebSocket connection to/; // to be expected without a server
  const complain = (text) => {
    if (!(visitor.serverDown && lost.test(text))) visitor.complaints.push(text);
  };
  page.setDefaultTimeout(patience);
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && complain(`console: ${m.text()}`));
  page.on("pageerror", (e) => complain(`uncaught: ${e.message}`));
  page.on("response", (r) => r.status() >= 400 && complain(`${r.status()} ${r.url()}`));
  await page.exposeFunction("complain", complain);
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => window.complain(`policy: ${e.violatedDirective} ${e.blockedURI}`)));
  await page.goto(address);
  return visitor;
}

async function online(page) {
  await page.locator('[data-testid=connection][data-state=online]').waitFor();
}

const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`) });
const byBot = (page) => page.locator("[data-testid=message][data-author=BOT]");

// history is what the page must show: every message, in order.
async function history(page) {
  const session = await page.evaluate(() => localStorage.getItem("govorun.session"));
  const answer = await fetch(`${url}/api/chats/v1/sessions/${session}/messages?limit=1000`);
  return (await answer.json()).items;
}

// expectHistory waits until the page shows just the history.
async function expectHistory(page) {
  const wanted = (await history(page)).map((m) => [m.id, m.body]);
  const shown = () => page.locator("[data-testid=message]").evaluateAll((items) =>
    items.map((e) => [e.dataset.id, e.querySelector("[data-testid=body]").textContent]));
  const deadline = Date.now() + patience;
  while (JSON.stringify(await shown()) !== JSON.stringify(wanted) && Date.now() < deadline) {
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  assert.deepEqual(await shown(), wanted);
}

// expectInSight waits until an element can be seen and pressed without scrolling.
async function expectInSight(page, testID) {
  await page.waitForFunction((id) => {
    const e = document.querySelector(`[data-testid="${id}"]`);
    const { left, right, top, bottom } = e.getBoundingClientRect();
    return e.contains(document.elementFromPoint(left + 1, top + 1 + (bottom - top) / 2))
      && e.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2))
      && e.contains(document.elementFromPoint((left + right) / 2, bottom - 2));
  }, testID);
}

// expectApart fails if the title's text and the button beside it overlap.
async function expectApart(page) {
  const apart = await page.evaluate(() => {
    const text = document.createRange();
    text.selectNodeContents(document.querySelector("h1"));
    const a = text.getBoundingClientRect();
    const b = document.querySelector("[data-testid=restart]").getBoundingClientRect();
    return a.right <= b.left || a.bottom <= b.top;
  });
  assert.ok(apart, "the title and the button beside it overlap");
}

// answered does something and waits for the bot's answer to it.
async function answered(page, act) {
  const before = await byBot(page).count();
  await act();
  await byBot(page).nth(before).waitFor();
}

async function say(page, text) {
  await page.getByTestId("text").fill(text);
  await page.getByTestId("text").press("Enter");
}

async function onDesktop() {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, locale: "ru-RU" });
  const visitor = await visit(context);
  const { page } = visitor;
  await byBot(page).first().waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "ru");
  await picture(page, "greeting");

  await answered(page, () => say(page, "Привет! Как дела? 🙂"));
  await answered(page, () => say(page, "меню"));
  await answered(page, () => page.locator("[data-testid=choices] button:visible").first().click());
  const markup = '<img src=x onerror="document.title=1"> <b>не жирный</b>';
  await answered(page, () => say(page, markup));
  assert.equal(await page.locator("[data-testid=body] img, [data-testid=body] b").count(), 0);
  await expectHistory(page);
  await picture(page, "conversation");

  const told = await page.locator("[data-testid=message]").count();
  await page.reload();
  await online(page);
  await expectHistory(page);
  assert.ok((await page.locator("[data-testid=message]").count()) >= told, "the reload has lost messages");

  await loseServer(visitor);
  await twoTabs(context, page);
  await switchLanguage(page);
  await startAnew(page);
  assert.deepEqual(visitor.complaints, []);
  await context.close();
}

// loseServer has the server killed under the page, and writes while it is away.
async function loseServer(visitor) {
  const { page } = visitor;
  visitor.serverDown = true;
  await ask("kill");
  await page.locator('[data-testid=connection]:not([data-state=online])').waitFor();
  await say(page, "Ты где?");
  await page.getByTestId("retry").waitFor();
  await page.getByTestId("notice").waitFor();
  await picture(page, "offline");
  await expectInSight(page, "retry");
  await ask("start");
  await online(page);
  visitor.serverDown = false;
  await answered(page, () => page.getByTestId("retry").click());
  await answered(page, () => say(page, "Снова вместе"));
  assert.equal((await history(page)).filter((m) => m.body === "Ты где?").length, 1);
  await expectHistory(page);
  await picture(page, "restarted");
}

// twoTabs sees in one tab what is said in the other.
async function twoTabs(context, page) {
  const other = await visit(context);
  await expectHistory(other.page);
  await answered(page, () => say(other.page, "Это из второй вкладки"));
  await expectHistory(page);
  await expectHistory(other.page);
  assert.deepEqual(other.complaints, []);
  await other.page.close();
}

async function switchLanguage(page) {
  await page.getByTestId("language-en").click();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.equal(await page.getByTestId("send").textContent(), "Send");
  assert.equal(await page.getByTestId("connection").textContent(), "Online");
  await picture(page, "english");
  await page.getByTestId("language-ru").click();
  assert.equal(await page.getByTestId("send").textContent(), "Отправить");
}

async function startAnew(page) {
  await page.getByTestId("restart").click();
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=message]").length > 0
    && document.querySelectorAll("[data-testid=message].mine").length === 0);
  await online(page);
  await expectHistory(page);
  await answered(page, () => say(page, "Начнём сначала"));
  await expectHistory(page);
}

// onForeignPage talks to the server from a page of another origin, with centrifuge-js as
// browsers load it.
async function onForeignPage() {
  const files = { "/": new URL("foreign.html", import.meta.url), "/centrifuge.js": new URL("../dist/centrifuge.js", import.meta.resolve("centrifuge")) };
  const site = createServer(async (request, response) => response.end(await readFile(files[request.url])));
  await new Promise((listening) => site.listen(0, "127.0.0.1", listening));
  const context = await browser.newContext();
  const { page, complaints } = await open(context, `http://127.0.0.1:${site.address().port}/`);
  for (const transport of ["websocket", "http_stream", "sse"]) {
    const { used, heard, said } = await page.evaluate(talk, { url, transport, patience });
    assert.equal(used, transport);
    assert.ok(said.length > 1, "the bot has said too little");
    assert.deepEqual(heard, said, transport);
  }
  assert.deepEqual(complaints, []);
  await context.close();
  site.close();
}

// talk runs in the page: it starts a session, says something, and returns what it has heard
// and what the bot has said.
async function talk({ url, transport, patience }) {
  const call = async (method, path, body) => {
    const answer = await fetch(`${url}/api/chats/v1${path}`, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
    return answer.json();
  };
  const chat = "/chats/11111111-1111-4111-8111-111111111111/sessions";
  const { id } = await call("POST", chat, { name: "foreign", returnAnswerAsync: true });
  const client = new Centrifuge([{ transport, endpoint: `${url}/centrifugo/connection/${transport}` }], {
    name: "js",
    data: { application: "widget", settings: { sessions: [id] } },
    emulationEndpoint: `${url}/emulation`,
  });
  const heard = [];
  let check = () => {};
  client.on("publication", ({ offset, data }) => {
    if (offset) heard.push(data.data.id);
    check();
  });
  const connected = new Promise((resolve) => client.on("connected", resolve));
  client.connect();
  const { transport: used } = await connected;
  await client.rpc("joinSession", { id });
  const { messages } = await call("PUT", chat, { sessionId: id, messageBody: "Привет из другого места" });
  await new Promise((resolve, reject) => {
    check = () => heard.includes(messages.at(-1).id) && resolve();
    check();
    setTimeout(() => reject(new Error(`the answer has not come by ${transport}`)), patience);
  });
  client.disconnect();
  const { items } = await call("GET", `/sessions/${id}/messages?limit=1000`);
  return { used, heard, said: items.filter((m) => m.authorType === "BOT").map((m) => m.id) };
}

async function onPhone() {
  const context = await browser.newContext({ ...devices["iPhone SE"], viewport: { width: 320, height: 568 }, locale: "en-US", colorScheme: "dark" });
  const { page, complaints } = await visit(context);
  await byBot(page).first().waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await answered(page, () => page.locator("[data-testid=choices] button:visible").last().tap());
  await answered(page, () => say(page, "A long word: " + "Donaudampfschifffahrt".repeat(6)));
  await expectHistory(page);
  const { wide, high } = await page.evaluate(() => ({
    wide: document.scrollingElement.scrollWidth > innerWidth,
    high: document.scrollingElement.scrollHeight > innerHeight,
  }));
  assert.ok(!wide && !high, "the page is larger than the phone");
  for (const id of ["text", "send", "restart", "language-ru"]) {
    const box = await page.getByTestId(id).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 320 && box.y + box.height <= 568, `${id} is not on the screen`);
  }
  await picture(page, "phone");
  await expectApart(page);
  assert.deepEqual(complaints, []);
  await context.close();
}

const browser = await chromium.launch({
  executablePath: executable,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  await onDesktop();
  await onPhone();
  await onForeignPage();
  print({ event: "done" });
} finally {
  await browser.close();
}
process.exit();
