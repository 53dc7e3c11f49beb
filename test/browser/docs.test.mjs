// The documentation in a real browser, with the network off: every request that does not go to the server itself is
// refused and fails the test, as does every error on the console and every breach of the content security policy.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { chromium } from "playwright-core";

const server = process.env.SERVER;
const token = process.env.TOKEN;
const pictures = process.env.PICTURES;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

let browser, page, trouble;

before(async () => {
  browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
});

after(() => browser.close());

beforeEach(async () => {
  trouble = [];
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  await page.route("**", (route) => {
    const url = route.request().url();
    if (url.startsWith(server) || url.startsWith("data:") || url.startsWith("blob:")) return route.continue();
    trouble.push(`request to ${url}`);
    return route.abort();
  });
  page.on("console", (message) => message.type() === "error" && trouble.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => trouble.push(`error: ${error}`));
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (e) =>
      console.error(`policy: ${e.violatedDirective} refused ${e.blockedURI}`)));
});

afterEach(async () => {
  await page.context().close();
  assert.deepEqual(trouble, []);
});

const picture = (name) => page.screenshot({ path: `${pictures}/${name}.png` });

test("Swagger UI shows every operation of the current version", async () => {
  await page.goto(`${server}/docs`);
  await page.waitForSelector(".opblock");
  const shown = await page.locator(".opblock-summary-path").allInnerTexts();
  const document = await (await fetch(`${server}/openapi/v2.json`)).json();
  const operations = Object.values(document.paths).flatMap((path) => Object.keys(path));
  assert.equal(shown.length, operations.length);
  assert.ok(shown.some((path) => path.replaceAll("\u200b", "") === "/products/{id}"));
  await picture("docs");
});

test("the version is switched in the top bar", async () => {
  await page.goto(`${server}/docs`);
  await page.waitForSelector(".opblock");
  assert.equal(await page.locator(".opblock-deprecated").count(), 0);
  await page.locator("#select").selectOption({ label: "v1" });
  await page.waitForSelector(".opblock-deprecated");
  assert.match(await page.locator(".info").innerText(), /Deprecated/);
});

// signIn gives Swagger UI the token, as people do.
async function signIn() {
  await page.locator("button.btn.authorize").first().click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").fill(token);
  await dialog.locator("button.authorize").click();
  await dialog.locator("button.btn-done").click();
}

test("Try it out makes a real call", async () => {
  await page.goto(`${server}/docs#/Products/create-product`);
  const operation = page.locator("#operations-Products-create-product");
  await operation.locator(".opblock-body").waitFor();
  await signIn();
  const sku = `BROWSER-${Date.now()}`;
  await operation.locator("textarea.body-param__text").fill(
    JSON.stringify({ sku, name: "Tea", price: { amount_cents: 100, currency: "EUR" } }));
  await operation.locator("button.execute").click();
  const answer = operation.locator(".live-responses-table .response-col_status").first();
  await answer.waitFor();
  assert.match(await operation.locator(".live-responses-table tbody").innerText(), /201/);
  await picture("try-it-out");
  const listed = await (await fetch(`${server}/api/products?q=${sku}`)).json();
  assert.equal(listed.items.length, 1);
});

test("the example of an operation is accepted as it is", async () => {
  await page.goto(`${server}/docs#/Products/create-product`);
  const operation = page.locator("#operations-Products-create-product");
  await operation.locator(".opblock-body").waitFor();
  await signIn();
  await operation.locator("button.execute").click();
  await operation.locator(".live-responses-table").waitFor();
  assert.match(await operation.locator(".live-responses-table tbody").innerText(), /201/);
});

test("ReDoc shows the current version, and the other on demand", async () => {
  await page.goto(`${server}/redoc`);
  await page.getByRole("heading", { name: "List products" }).waitFor();
  await picture("redoc");
  await page.getByRole("navigation", { name: "API version" }).getByRole("link", { name: "v1" }).click();
  await page.getByText("switched off on 2027-11-01").waitFor();
});

test("ReDoc finds an operation", async () => {
  await page.goto(`${server}/redoc`);
  await page.getByRole("heading", { name: "List products" }).waitFor();
  await page.getByPlaceholder("Search...").fill("merge patch");
  await page.locator('[role="search"] li').first().waitFor();
});

test("the page of a problem explains it", async () => {
  await page.goto(`${server}/problems/precondition_failed`);
  await page.getByRole("heading", { name: "The resource has changed" }).waitFor();
  await page.getByRole("link", { name: "All problems" }).click();
  await page.getByRole("link", { name: "sku_taken" }).waitFor();
  await picture("problems");
});

test("the pages are usable on a narrow screen", async () => {
  await page.setViewportSize({ width: 400, height: 800 });
  for (const path of ["/docs", "/redoc", "/problems"]) {
    await page.goto(server + path);
    await page.waitForLoadState("networkidle");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 1, `${path} is ${overflow} pixels too wide`);
    await picture(`narrow${path.replace("/", "-")}`);
  }
});
