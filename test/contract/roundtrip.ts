// A client made from the OpenAPI documents by openapi-typescript goes once round the API.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths as V1 } from "./v1.js";
import type { paths as V2 } from "./v2.js";

const server = process.argv[2]!;
const headers = { Authorization: `Bearer ${process.env.TOKEN}` };
const v1 = createClient<V1>({ baseUrl: `${server}/api/v1`, headers });
const v2 = createClient<V2>({ baseUrl: `${server}/api/v2`, headers });
const merge = { "Content-Type": "application/merge-patch+json" };

async function productsV1() {
  const sku = `TS1-${Date.now()}`;
  const { data: made, response } = await v1.POST("/products", {
    body: { sku, name: "Tea", price_cents: 1299, currency: "EUR" },
  });
  assert.ok(made);
  assert.equal(response.headers.get("Deprecation")?.[0], "@");
  const price: number = made.price_cents;
  assert.equal(price, 1299);

  const { data: list } = await v1.GET("/products", { params: { query: { limit: 1, sort: "-created_at" } } });
  assert.equal(list?.items[0]?.sku, sku);
}

async function productsV2() {
  const sku = `TS2-${Date.now()}`;
  const created = await v2.POST("/products", {
    body: { sku, name: "Tea", price: { amount_cents: 500, currency: "EUR" }, categories: ["Tea"] },
  });
  assert.ok(created.data);
  const id = created.data.id;
  const etag = created.response.headers.get("ETag")!;

  const read = await v2.GET("/products/{id}", { params: { path: { id } } });
  assert.deepEqual(read.data, created.data);

  const patched = await v2.PATCH("/products/{id}", {
    params: { path: { id }, header: { "If-Match": etag } },
    body: { price: { amount_cents: 999 } },
    headers: merge,
  });
  assert.equal(patched.data?.price.amount_cents, 999);
  assert.equal(patched.data?.price.currency, "EUR");

  const stale = await v2.DELETE("/products/{id}", { params: { path: { id }, header: { "If-Match": etag } } });
  assert.equal(stale.error?.code, "precondition_failed");

  const gone = await v2.DELETE("/products/{id}", { params: { path: { id }, header: { "If-Match": "*" } } });
  assert.equal(gone.response.status, 204);
}

async function problems() {
  const { error, response } = await v2.POST("/products", { body: { sku: "A" } as never /* wrong on purpose */ });
  assert.equal(response.status, 422);
  assert.equal(error?.code, "validation_failed");
  assert.ok(error?.errors?.every((e) => e.in === "body" && e.detail));
}

async function signedIn() {
  const { data: me } = await v2.GET("/me");
  assert.equal(me?.role, "admin");
  const stranger = await createClient<V2>({ baseUrl: `${server}/api/v2` }).GET("/me");
  assert.equal(stranger.response.status, 401);
  assert.equal(stranger.error?.code, "unauthenticated");
}

async function pages() {
  const first = await v2.GET("/products", { params: { query: { limit: 1 } } });
  assert.equal(first.data?.items.length, 1);
}

await productsV1();
await productsV2();
await problems();
await signedIn();
await pages();
console.log("TypeScript client: round trip done");
