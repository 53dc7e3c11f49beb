// A real browser for each file of tests, and a page for each test, with the network off: every request that does not go to
// the server itself is refused and fails the test, as does every error on the console and every breach of the content
// security policy.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach } from "node:test";
import { chromium } from "playwright-core";

export const server = process.env.SERVER;
const pictures = process.env.PICTURES;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

let current;

// open gives what stands for the page of the test that runs. Errors on the console that match expected are none.
export function open({ expected = /^$/, ...options } = {}) {
  let browser, trouble;
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
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    current = await context.newPage();
    await current.route("**", (route) => {
      const url = route.request().url();
      if (url.startsWith(server) || url.startsWith("data:") || url.startsWith("blob:")) return route.continue();
      trouble.push(`request to ${url}`);
      return route.abort();
    });
    current.on("console", (message) =>
      message.type() === "error" && !expected.test(message.text()) && trouble.push(`console: ${message.text()}`));
    current.on("pageerror", (error) => trouble.push(`error: ${error}`));
    await current.addInitScript(() =>
      document.addEventListener("securitypolicyviolation", (e) =>
        console.error(`policy: ${e.violatedDirective} refused ${e.blockedURI}`)));
  });
  afterEach(async () => {
    await current.context().close();
    assert.deepEqual(trouble, []);
  });
  return new Proxy({}, { get: (_, name) => (typeof current[name] === "function" ? current[name].bind(current) : current[name]) });
}

export const picture = (name, options) => current.screenshot({ path: `${pictures}/${name}.png`, ...options });

// signIn gives Swagger UI the token, as people do.
export async function signIn(page) {
  await page.locator("button.btn.authorize").first().click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").fill(process.env.TOKEN);
  await dialog.locator("button.authorize").click();
  await dialog.locator("button.btn-done").click();
}
