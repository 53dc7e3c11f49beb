// The documentation in a real browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, picture, server, signIn } from "./browser.mjs";

const page = open();

test("Swagger UI shows every operation of the current version", async () => {
  await page.goto(`${server}/docs`);
  await page.waitForSelector(".opblock");
  const shown = await page.locator(".opblock-summary-path").allInnerTexts();
  const document = await (await fetch(`${server}/openapi/v2.json`)).json();
  const operations = Object.values(document.paths).flatMap((path) => Object.keys(path));
  assert.equal(shown.length, operations.length);
  assert.ok(shown.some((path) => path.replaceAll("\u200b", "") === "/tasks/{id}"));
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

test("Try it out makes a real call", async () => {
  await page.goto(`${server}/docs#/Tasks/list-tasks`);
  const operation = page.locator("#operations-Tasks-list-tasks");
  await operation.locator(".opblock-body").waitFor();
  await signIn(page);
  await operation.locator("button.execute").click();
  await operation.locator(".live-responses-table").waitFor();
  assert.match(await operation.locator(".live-responses-table tbody").innerText(), /200/);
});

test("ReDoc shows the current version, and the other on demand", async () => {
  await page.goto(`${server}/redoc`);
  await page.getByRole("heading", { name: "List tasks" }).waitFor();
  await picture("redoc");
  await page.getByRole("navigation", { name: "API version" }).getByRole("link", { name: "v1" }).click();
  await page.getByText("switched off on 2027-11-01").waitFor();
});

test("ReDoc finds an operation", async () => {
  await page.goto(`${server}/redoc`);
  await page.getByRole("heading", { name: "List tasks" }).waitFor();
  await page.getByPlaceholder("Search...").fill("cancel");
  await page.locator('[role="search"] li').first().waitFor();
});

test("the page of a problem explains it", async () => {
  await page.goto(`${server}/problems/precondition_failed`);
  await page.getByRole("heading", { name: "The resource has changed" }).waitFor();
  await page.getByRole("link", { name: "All problems" }).click();
  await page.getByRole("link", { name: "rate_limited" }).waitFor();
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
