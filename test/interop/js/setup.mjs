// A person with a browser who opens the one-time link of a server's first start. A failed expectation
// ends it with an error.

import assert from "node:assert/strict";
import { join } from "node:path";
import { chromium, devices } from "playwright-core";

const { url, link, executable, pictures } = JSON.parse(process.argv[2]);
const patience = 20_000; // ms
const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`) });

// open opens a page and notes everything it complains of, but for answers that say no.
async function open(options, address) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = [];
  page.setDefaultTimeout(patience);
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && !m.text().includes("status of 403") && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(`uncaught: ${e.message}`));
  await page.exposeFunction("complain", (text) => complaints.push(text));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => window.complain(`policy: ${e.violatedDirective} ${e.blockedURI}`)));
  await page.goto(address);
  return { context, page, complaints };
}

async function withoutToken() {
  const { context, page, complaints } = await open({ locale: "en-US" }, `${url}/setup`);
  await page.getByTestId("problem").waitFor();
  assert.match(await page.getByTestId("problem").textContent(), /not complete/);
  assert.equal(await page.getByTestId("get").isVisible(), false);
  assert.deepEqual(complaints, []);
  await context.close();
}

async function firstAdministrator() {
  const { context, page, complaints } = await open({ locale: "ru-RU" }, link);
  await page.getByTestId("get").waitFor();
  assert.equal(await page.getByTestId("get").textContent(), "Получить ключ");
  await page.getByTestId("language-en").click();
  assert.equal(await page.getByTestId("get").textContent(), "Get the key");
  await picture(page, "setup");
  await page.getByTestId("name").fill(" ");
  await page.getByTestId("get").click();
  await page.getByTestId("problem").waitFor();
  assert.match(await page.getByTestId("problem").textContent(), /1 to 255/);
  await page.getByTestId("name").fill("Анна 🙂 <b>");
  await page.getByTestId("name").press("Enter");
  await page.getByTestId("key").waitFor();
  await picture(page, "setup-key");
  assert.equal(await page.getByTestId("problem").isVisible(), false);
  assert.equal(page.url(), `${url}/setup`);
  const key = await page.getByTestId("key").textContent();
  assert.ok((await page.getByTestId("next").textContent()).includes(key));
  await page.getByTestId("copy").click();
  assert.equal(await page.evaluate(() => getSelection().toString()), key);
  const answer = await fetch(`${url}/api/admin/v1/whoami`, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal((await answer.json()).name, "Анна 🙂 <b>");
  assert.deepEqual(complaints.filter((c) => !c.includes("status of 400")), []);
  await context.close();
}

async function tooLate() {
  const { context, page, complaints } = await open({ ...devices["iPhone SE"], viewport: { width: 320, height: 568 }, locale: "ru-RU", colorScheme: "dark" }, link);
  await page.getByTestId("get").tap();
  await page.getByTestId("problem").waitFor();
  assert.match(await page.getByTestId("problem").textContent(), /недействительна/);
  assert.equal(await page.getByTestId("get").isVisible(), false);
  assert.ok(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), "the page is wider than the phone");
  await picture(page, "setup-void");
  assert.deepEqual(complaints, []);
  await context.close();
}

const browser = await chromium.launch({
  executablePath: executable,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  await withoutToken();
  await firstAdministrator();
  await tooLate();
  process.stdout.write(JSON.stringify({ event: "done" }) + "\n");
} finally {
  await browser.close();
}
process.exit();
