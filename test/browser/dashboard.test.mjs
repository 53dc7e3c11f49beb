// The dashboard in a real browser, on a year of orders.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { open, picture, server } from "./browser.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const page = open({
  locale: "de-AT", timezoneId: "Europe/Vienna",
  expected: /the server responded with a status of (401|503)/, // which these tests ask for
});

async function signIn() {
  await page.goto(`${server}/dashboard`);
  await page.getByLabel("Email").fill(process.env.EMAIL);
  await page.getByLabel("Password").fill(process.env.PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await loaded();
}

const loaded = () => page.waitForFunction(() => document.querySelector("#status").textContent && !document.querySelector(".loading"));

// accessible runs axe, which is evaluated from outside so that the content security policy stays as it is.
async function accessible(what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const broken = found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
  assert.deepEqual(broken, [], what);
}

const themed = (dark) => page.evaluate((wanted) => theme.dark() === wanted || theme.toggle(), dark);

async function fits(what) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${what} is ${overflow} pixels too wide`);
}

test("nothing is shown before somebody has signed in, and a wrong password says so", async () => {
  await page.goto(`${server}/dashboard`);
  assert.ok(await page.locator("#board").isHidden());
  await page.getByLabel("Email").fill("admin@example.com");
  await page.getByLabel("Password").fill("not the password");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("The email address or the password is wrong.").waitFor();
  await accessible("signing in");
  await picture("dashboard-sign-in");
});

test("the reports are drawn, in the reader's language and time zone", async () => {
  await signIn();
  assert.match(await page.locator("#caption").innerText(), /Europe\/Vienna/);
  assert.match(await page.locator(".kpi .value").first().innerText(), /^€\s[\d\s.]+,\d\d$/);
  assert.equal(await page.locator("#sales circle").count(), 30);
  assert.equal(await page.locator("#top .mark").count(), 8);
  assert.equal(await page.locator("#funnel .mark").count(), 5);
  assert.equal(await page.locator("#baskets .mark").count(), 7);
});

test("it looks right in light and dark, wide and narrow, and axe finds nothing", async () => {
  await signIn();
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    await page.setViewportSize({ width, height });
    for (const dark of [false, true]) {
      await themed(dark);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const name = `dashboard-${dark ? "dark" : "light"}-${width}`;
      await fits(name);
      await picture(name, { fullPage: true });
      await accessible(name);
    }
  }
});

test("a chart is read with the keyboard, and as a table", async () => {
  await signIn();
  const dots = page.locator("#sales circle");
  await dots.last().focus();
  const last = await dots.last().getAttribute("aria-label");
  assert.match(last, /: €/);
  assert.match(await page.locator("#sales .tip").innerText(), /€/);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), await dots.nth(28).getAttribute("aria-label"));
  await page.keyboard.press("Home");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.i), "0");
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#sales .tip").isHidden());
  assert.equal(await page.locator('#sales circle[tabindex="0"]').count(), 1, "Tab reaches one of them");
  await page.locator("#sales summary").click();
  assert.equal(await page.locator("#sales tbody tr").count(), 30);
});

test("what is shown can be chosen", async () => {
  await signIn();
  await page.getByLabel("Period").selectOption({ label: "Last 12 months" });
  await page.waitForFunction(() => document.querySelectorAll("#sales circle").length > 50);
  assert.equal(await page.locator("select[name=interval]").inputValue(), "week");
  const euros = await page.locator(".kpi .value").first().innerText();
  await page.getByLabel("Currency").selectOption("USD");
  const dollars = await page.locator(".kpi .value").first().innerText();
  assert.match(dollars, /\$/);
  assert.notEqual(dollars, euros);
  await page.locator("#sales .segments").getByRole("radio", { name: "Orders" }).check();
  assert.match(await page.locator("#sales circle").last().getAttribute("aria-label"), /orders$/);
  const best = await page.locator("#top .mark").first().getAttribute("aria-label");
  await page.locator("#top .segments").getByRole("radio", { name: "Pieces" }).check();
  await page.waitForFunction((old) => document.querySelector("#top .mark")?.getAttribute("aria-label") !== old, best);
  await picture("dashboard-year", { fullPage: true });
});

test("a period without orders says so", async () => {
  await signIn();
  await page.getByLabel("Period").selectOption({ label: "Other dates" });
  await loaded();
  await page.locator("input[name=to]").fill("2001-02-01");
  await page.locator("input[name=from]").fill("2001-01-01");
  await page.locator("#sales").getByText("Nothing was sold in this period").waitFor();
  await page.locator("#funnel").getByText("No order was placed in this period").waitFor();
  await accessible("empty");
  await picture("dashboard-empty", { fullPage: true });
});

test("a period that is none says so, and is not asked for", async () => {
  await signIn();
  const asked = [];
  await page.getByLabel("Period").selectOption({ label: "Other dates" });
  await loaded();
  page.on("request", (request) => request.url().includes("/reports/") && asked.push(request.url()));
  await page.locator("input[name=from]").fill("2026-02-01");
  await page.locator("input[name=to]").fill("2026-01-01");
  asked.length = 0;
  const alert = page.getByRole("alert").getByText("Choose a first day that is not after the last.");
  await alert.waitFor();
  assert.equal(await page.locator("input[name=from]").getAttribute("aria-invalid"), "true");
  await page.getByRole("button", { name: "CSV of sales over time" }).click();
  await page.locator("#top .segments").getByRole("radio", { name: "Pieces" }).check();
  await accessible("no period");
  await picture("dashboard-no-period");
  assert.deepEqual(asked, []);
  await page.locator("input[name=to]").fill("2026-02-02");
  await alert.waitFor({ state: "hidden" });
  assert.equal(await page.locator("input[name=from]").getAttribute("aria-invalid"), "false");
});

test("an answer to an earlier question about products is dropped", async () => {
  await signIn();
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route("**/top-products*by=quantity*", async (route) => { await held; await route.fallback(); });
  const best = page.locator("#top .mark").first(), label = await best.getAttribute("aria-label");
  const choose = (name) => page.locator("#top .segments").getByRole("radio", { name }).check();
  await choose("Pieces");
  await Promise.all([page.waitForResponse(/by=revenue/), choose("Revenue")]);
  await Promise.all([page.waitForResponse(/by=quantity/).then((answer) => answer.finished()), release()]);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await best.getAttribute("aria-label"), label);
});

test("what is not known is not shown as none", async () => {
  await page.route("**/reports/conversion*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" }));
  await signIn();
  await page.locator("#kpis").getByText("How many were placed is not known").waitFor();
});

test("a report that fails says why, and is tried again", async () => {
  const away = JSON.stringify({ type: "/problems/warehouse_unavailable", status: 503, code: "warehouse_unavailable", title: "The warehouse is unavailable", request_id: "r-1" });
  await page.route("**/reports/**", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: away }));
  await signIn();
  assert.equal(await page.locator(".state.failed").count(), 4);
  await page.locator("#sales").getByText("Nothing is lost").waitFor();
  await accessible("failed");
  await picture("dashboard-failed", { fullPage: true });
  await page.unroute("**/reports/**");
  await page.locator("#sales").getByRole("button", { name: "Try again" }).click();
  await page.locator("#sales circle").first().waitFor();
});

test("a report is saved as CSV", async () => {
  await signIn();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV of sales over time" }).click()]);
  assert.match(file.suggestedFilename(), /^sales_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d\.csv$/);
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\n");
  assert.equal(lines[0], "start,currency,orders,units,revenue_cents");
  assert.equal(lines.length, 61);
});

test("the token is nowhere but in the page, and gone with it", async () => {
  await signIn();
  assert.equal(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, document.cookie])), '[{},""]');
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...localStorage }))).includes("ey"));
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.ok(await page.locator("#board").isHidden());
  assert.equal(await page.locator("#sales circle").count(), 0);
  await page.reload();
  assert.ok(await page.locator("#board").isHidden());
});

test("signing out ends the session, also when its token has expired", async () => {
  await signIn();
  let refused = 0;
  await page.route("**/auth/logout", (route) => (refused++ ? route.fallback() : route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" })));
  await Promise.all([
    page.waitForResponse((answer) => answer.url().endsWith("/auth/logout") && answer.status() === 204),
    page.getByRole("button", { name: "Sign out" }).click(),
  ]);
});

test("tokens that are renewed while somebody signs out are nobody's", async () => {
  await signIn();
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route("**/auth/refresh", async (route) => { const answer = await route.fetch(); await held; await route.fulfill({ response: answer }); });
  await page.route("**/reports/**", (route) => route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" }));
  await Promise.all([page.waitForRequest(/auth.refresh/), page.getByLabel("Period").selectOption({ label: "Last 7 days" })]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.unroute("**/reports/**");

  await page.getByLabel("Email").fill(process.env.EMAIL);
  await page.getByLabel("Password").fill(process.env.PASSWORD);
  const [answer] = await Promise.all([page.waitForResponse(/auth.login/), page.getByRole("button", { name: "Sign in" }).click()]);
  const { access_token: mine } = await answer.json();
  await page.locator("#sales circle").first().waitFor();
  await Promise.all([page.waitForResponse(/auth.refresh/).then((old) => old.finished()), release()]);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const [asked] = await Promise.all([page.waitForRequest(/reports.sales/), page.getByLabel("Period").selectOption({ label: "Last 30 days" })]);
  assert.equal(await asked.headerValue("authorization"), `Bearer ${mine}`);
});

test("an expired token is renewed without a word, and an ended session asks to sign in", async () => {
  await signIn();
  let refused = 0;
  await page.route("**/reports/sales*", (route) => (refused++ ? route.fallback() : route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" })));
  await page.getByLabel("Period").selectOption({ label: "Last 7 days" });
  await page.waitForFunction(() => document.querySelectorAll("#sales circle").length === 7);
  await page.unroute("**/reports/sales*");
  await page.route("**/auth/refresh", (route) => route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" }));
  await page.route("**/reports/**", (route) => route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" }));
  await page.getByLabel("Period").selectOption({ label: "Last 30 days" });
  await page.getByRole("alert").getByText("Your session has ended.").waitFor();
});
