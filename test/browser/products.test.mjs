// Products in the documentation, in a real browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, picture, server, signIn } from "./browser.mjs";

const page = open();

test("a product is made by Try it out", async () => {
  await page.goto(`${server}/docs#/Products/create-product`);
  const operation = page.locator("#operations-Products-create-product");
  await operation.locator(".opblock-body").waitFor();
  await signIn(page);
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

test("the example of a product is accepted as it is", async () => {
  await page.goto(`${server}/docs#/Products/create-product`);
  const operation = page.locator("#operations-Products-create-product");
  await operation.locator(".opblock-body").waitFor();
  await signIn(page);
  await operation.locator("button.execute").click();
  await operation.locator(".live-responses-table").waitFor();
  assert.match(await operation.locator(".live-responses-table tbody").innerText(), /201/);
});
