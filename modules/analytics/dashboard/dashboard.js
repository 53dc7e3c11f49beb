// The dashboard: signs in, asks for the reports and draws them. Tokens are in this script's memory alone.
"use strict";

(() => {
  const API = "/api/v2";
  const { html } = charts;
  const $ = (selector) => document.querySelector(selector);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  let session = null; // { access_token, refresh_token }: one object from signing in to signing out, whatever tokens it has
  let latest = 0, latestTop = 0; // the numbers of the last load, and of the last one of the products: answers to earlier ones are dropped
  let shown = null; // the reports on the page

  // Problem is what went wrong, as the server says it.
  class Problem extends Error {
    constructor(status, document) {
      super(document.detail || document.title || "The server did not answer as expected.");
      Object.assign(this, { status, code: document.code, requestID: document.request_id });
    }
  }

  async function request(path, options = {}) {
    let answer;
    try {
      answer = await fetch(API + path, { ...options, headers: { Accept: "application/json", ...options.headers }, cache: "no-store" });
    } catch {
      throw new Problem(0, { title: "The server cannot be reached." });
    }
    if (answer.ok) return answer;
    throw new Problem(answer.status, await answer.json().catch(() => ({})));
  }

  const post = async (path, body) =>
    (await request(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } })).json();

  // within makes a request in a session, and once more with new tokens when the old ones have expired. Those who ask at once
  // share them.
  async function within(its, path, options) {
    const send = () => request(path, { ...options, headers: { Authorization: `Bearer ${its?.access_token}` } });
    try {
      return await send();
    } catch (error) {
      if (error.status !== 401 || !its) throw error;
      its.refreshing ??= post("/auth/refresh", { refresh_token: its.refresh_token })
        .then((tokens) => Object.assign(its, tokens)).finally(() => { its.refreshing = null; });
      await its.refreshing;
      return send();
    }
  }

  const ask = (path, query) => within(session, `${path}?${new URLSearchParams({ time_zone: zone, ...query })}`);
  const report = async (name, query) => (await ask(`/reports/${name}`, query)).json();

  // Signing in and out

  const form = $("#sign-in");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(form)), button = form.querySelector("button");
    if (!data.code) delete data.code;
    $("#sign-in-error").hidden = true;
    button.disabled = true;
    try {
      session = await post("/auth/login", data);
      form.reset();
      enter();
    } catch (error) {
      const second = error.code === "second_factor_required";
      if (second) $("#code-field").hidden = false;
      $("#sign-in-error").textContent = second ? "Your account has a second factor: enter its code, too." : sentence(error);
      $("#sign-in-error").hidden = false;
      (second ? form.elements.code : form.elements.email).focus();
    } finally {
      button.disabled = false;
    }
  });

  const sentence = (error) => ({
    invalid_credentials: "The email address or the password is wrong.",
    warehouse_unavailable: "The warehouse is away for the moment. Nothing is lost: what happens meanwhile is counted later.",
    forbidden: "Your account may not see reports.",
  })[error.code] ?? error.message;

  function enter() {
    $("#gate").hidden = true;
    $("#board").hidden = $("#sign-out").hidden = false;
    $("#main").focus();
    load();
  }

  function leave(message) {
    session = shown = null;
    latest++;
    latestTop++;
    $("#board").hidden = $("#sign-out").hidden = $("#code-field").hidden = true;
    $("#gate").hidden = false;
    $("#sign-in-error").textContent = message ?? "";
    $("#sign-in-error").hidden = !message;
    document.querySelectorAll("#board .body, #kpis").forEach((body) => body.replaceChildren());
    form.elements.email.focus();
  }

  $("#sign-out").addEventListener("click", () => {
    const old = session;
    leave();
    within(old, "/auth/logout", { method: "POST" }).catch(() => {});
  });

  // What to show

  const filters = $("#filters"), fields = filters.elements;
  const isoDay = (daysAgo) => {
    const parts = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" })
      .formatToParts(new Date());
    const part = (type) => Number(parts.find((p) => p.type === type).value);
    return new Date(Date.UTC(part("year"), part("month") - 1, part("day") - daysAgo)).toISOString().slice(0, 10);
  };
  const chosen = () => (fields.period.value === "custom"
    ? { from: fields.from.value, to: fields.to.value }
    : { from: isoDay(Number(fields.period.value)), to: isoDay(0) });
  // checked is the period that was chosen. When it is none it says so where it was chosen, and is null.
  const checked = () => {
    const period = chosen(), wrong = !period.from || !period.to || period.from > period.to, alert = $("#period-error");
    alert.hidden = !wrong;
    alert.textContent = wrong ? "Choose a first day that is not after the last." : "";
    for (const field of [fields.from, fields.to]) field.setAttribute("aria-invalid", String(wrong));
    return wrong ? null : period;
  };
  const days = ({ from, to }) => Math.round((Date.parse(to) - Date.parse(from)) / 864e5) + 1;
  const before = (period) => {
    const shift = (day, by) => new Date(Date.parse(day) - by * 864e5).toISOString().slice(0, 10);
    return { from: shift(period.from, days(period)), to: shift(period.from, 1) };
  };

  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", (event) => {
    const custom = fields.period.value === "custom";
    document.querySelectorAll(".dates").forEach((field) => { field.hidden = !custom; });
    if (event.target === fields.currency) return draw();
    if (custom && event.target === fields.period) {
      fields.from.value = isoDay(29);
      fields.to.value = isoDay(0);
    }
    const period = checked();
    if (!period) return;
    if (event.target !== fields.interval) fields.interval.value = days(period) <= 2 ? "hour" : days(period) <= 92 ? "day" : days(period) <= 400 ? "week" : "month";
    load();
  });
  document.querySelectorAll('[name="sales-measure"]').forEach((radio) => radio.addEventListener("change", () => draw("sales")));
  document.querySelectorAll('[name="top-measure"]').forEach((radio) => radio.addEventListener("change", loadTop));
  const measure = (name) => $(`[name="${name}"]:checked`).value;
  const say = (text) => { $("#status").textContent = text; };

  // Loading

  async function load() {
    const period = checked(), interval = fields.interval.value;
    if (!period) return;
    const mine = ++latest, top = ++latestTop;
    const cards = document.querySelectorAll(".card:not(.gate-card)");
    cards.forEach((card) => card.classList.add("loading"));
    const wanted = {
      sales: report("sales", { ...period, interval }), previous: report("sales", { ...before(period), interval: "month" }),
      top: report("top-products", { ...period, by: measure("top-measure"), limit: 8 }),
      funnel: report("conversion", period), baskets: report("baskets", period),
    };
    const settled = await Promise.allSettled(Object.values(wanted));
    if (mine !== latest) return;
    cards.forEach((card) => card.classList.remove("loading"));
    const gone = settled.find((one) => one.reason?.status === 401);
    if (gone) return leave("Your session has ended. Sign in again.");
    shown = Object.fromEntries(Object.keys(wanted).map((name, i) => [name, settled[i]]));
    offerCurrencies();
    draw();
    say(settled.some((one) => one.reason) ? "Some reports could not be loaded." : "The reports are loaded.");
    if (top !== latestTop) loadTop(); // what products are compared by was changed meanwhile
  }

  async function loadTop() {
    const period = checked();
    if (!period) return;
    const mine = ++latestTop;
    const [one] = await Promise.allSettled([report("top-products", { ...period, by: measure("top-measure"), limit: 8 })]);
    if (mine !== latestTop || !shown) return;
    shown.top = one;
    draw("top");
  }

  function offerCurrencies() {
    const list = shown.sales.value?.currencies ?? [], old = fields.currency.value;
    const byOrders = [...list].sort((a, b) => b.orders - a.orders);
    fields.currency.replaceChildren(...(list.length ? list.map((c) => html("option", {}, c.currency)) : [html("option", { value: "" }, "–")]));
    fields.currency.disabled = list.length < 2;
    fields.currency.value = list.some((c) => c.currency === old) ? old : byOrders[0]?.currency ?? "";
  }

  // Drawing

  const painters = { kpis: drawKPIs, sales: drawSales, top: drawTop, funnel: drawFunnel, baskets: drawBaskets };

  function draw(only) {
    if (!shown) return;
    const about = Object.values(shown).find((one) => one.value)?.value.about;
    const show = formats(about?.language, about?.time_zone);
    if (about) $("#caption").textContent = `${show.day(about.from)} – ${show.day(Date.parse(about.to) - 1)} · ${about.time_zone}`;
    for (const [name, paint] of Object.entries(painters)) {
      if (only && only !== name) continue;
      if (name === "kpis") { paint(show); continue; }
      const body = $(`#${name} .body`), result = shown[name];
      body.replaceChildren();
      if (result.reason) body.append(failed(result.reason));
      else paint(body, result.value, show);
    }
  }

  // formats writes numbers, money and times in the language that the server has found out.
  function formats(language = "en", timeZone = "UTC") {
    const currency = fields.currency.value || "EUR";
    const number = (options) => { const f = new Intl.NumberFormat(language, options); return (n) => f.format(n); };
    const time = (options) => { const f = new Intl.DateTimeFormat(language, { timeZone, ...options }); return (at) => f.format(new Date(at)); };
    const exact = number({ style: "currency", currency }), short = number({ style: "currency", currency, notation: "compact", maximumFractionDigits: 1 });
    return {
      number: number({}), shortNumber: number({ notation: "compact", maximumFractionDigits: 1 }),
      money: (cents) => exact(cents / 100), shortMoney: (cents) => short(cents / 100),
      percent: number({ style: "percent", maximumFractionDigits: 1 }), change: number({ style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" }),
      day: time({ dateStyle: "medium" }),
      point: { hour: time({ dateStyle: "medium", timeStyle: "short" }), day: time({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
        week: time({ day: "numeric", month: "short", year: "numeric" }), month: time({ month: "long", year: "numeric" }) },
      tick: { hour: time({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }), day: time({ day: "numeric", month: "short" }),
        week: time({ day: "numeric", month: "short" }), month: time({ month: "short", year: "2-digit" }) },
    };
  }

  const one = (result) => result.value?.currencies.find((c) => c.currency === fields.currency.value);

  function state(title, text, ...more) {
    return html("div", { class: "state" }, html("div", {}, html("strong", {}, title), html("p", {}, text)), ...more);
  }

  function failed(error) {
    const again = html("button", { type: "button", class: "button small" }, "Try again");
    again.addEventListener("click", load);
    const element = state("This could not be loaded", sentence(error) + (error.requestID ? ` (request ${error.requestID})` : ""), again);
    element.classList.add("failed");
    return element;
  }

  const nothing = () => state("Nothing was sold in this period", "Choose a longer period, or come back when orders have been paid.");

  function drawKPIs(show) {
    const now = one(shown.sales), then = one(shown.previous), steps = shown.funnel.value?.steps;
    const unknown = Boolean(shown.sales.reason), before = shown.previous.reason;
    const mean = (of) => (of?.orders ? of.revenue_cents / of.orders : null);
    const compare = (a, b) => {
      if (unknown || before || !b) return html("span", {}, "Nothing to compare with");
      const change = (a ?? 0) / b - 1, kind = change > 0.0005 ? "up" : change < -0.0005 ? "down" : "";
      return html("span", {}, html("span", { class: kind }, show.change(change)), " to the period before");
    };
    const paid = steps?.find((s) => s.step === "paid");
    const tiles = [
      ["Revenue", unknown ? "–" : show.money(now?.revenue_cents ?? 0), compare(now?.revenue_cents, then?.revenue_cents)],
      ["Paid orders", unknown ? "–" : show.number(now?.orders ?? 0), compare(now?.orders, then?.orders)],
      ["Average basket", mean(now) === null ? "–" : show.money(mean(now)), compare(mean(now), mean(then))],
      ["Orders that were paid", steps?.[0].orders ? show.percent(paid.rate) : "–", html("span", {}, steps ? `of ${show.number(steps[0].orders)} placed, all currencies` : "How many were placed is not known")],
    ];
    $("#kpis").replaceChildren(...tiles.map(([name, value, note]) =>
      html("div", { class: "kpi" }, html("dt", {}, name), html("dd", { class: "value" }, value), html("dd", { class: "note" }, note))));
  }

  function drawSales(body, report, show) {
    const sales = one({ value: report });
    if (!sales) return body.append(nothing());
    const money = measure("sales-measure") === "revenue_cents";
    const points = sales.points.map((p) => ({
      label: (report.interval === "week" ? "Week of " : "") + show.point[report.interval](p.start), short: show.tick[report.interval](p.start),
      value: money ? p.revenue_cents / 100 : p.orders, text: money ? show.money(p.revenue_cents) : `${show.number(p.orders)} orders`,
    }));
    const name = `${money ? "Revenue" : "Orders"} by ${report.interval}, ${sales.currency}`;
    charts.line(body, { name, points, whole: !money, axis: (v) => (money ? show.shortMoney(v * 100) : show.shortNumber(v)) });
    charts.table(body, name, [{ name: report.interval[0].toUpperCase() + report.interval.slice(1) }, { name: "Orders", number: true }, { name: "Pieces", number: true }, { name: "Revenue", number: true }],
      sales.points.map((p, i) => [points[i].label, show.number(p.orders), show.number(p.units), show.money(p.revenue_cents)]));
  }

  function drawTop(body, report, show) {
    const products = one({ value: report })?.products;
    if (!products) return body.append(nothing());
    const money = report.by === "revenue", name = `Products by ${money ? "revenue" : "pieces"}, ${fields.currency.value}`;
    const called = (p) => (p.name || p.sku || p.product_id) + (p.state === "active" ? "" : ` (${p.state === "deleted" ? "no longer sold" : "not offered"})`);
    charts.bars(body, { name, rows: products.map((p) => ({
      label: called(p), value: money ? p.revenue_cents : p.quantity, text: money ? show.money(p.revenue_cents) : show.number(p.quantity),
    })) });
    charts.table(body, name, [{ name: "Product" }, { name: "SKU" }, { name: "Pieces", number: true }, { name: "Revenue", number: true }],
      products.map((p) => [called(p), p.sku, show.number(p.quantity), show.money(p.revenue_cents)]));
  }

  // lasting is a time as people say it: the two largest units that count.
  function lasting(seconds) {
    if (seconds === null) return "–";
    const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]], at = units.findIndex(([, size]) => seconds >= size);
    if (at < 0) return "< 1 s";
    const [unit, size] = units[at], whole = Math.floor(seconds / size), next = units[at + 1];
    const rest = next && at < 2 ? Math.floor((seconds % size) / next[1]) : 0;
    return `${whole} ${unit}${rest ? ` ${rest} ${next[0]}` : ""}`;
  }

  function drawFunnel(body, report, show) {
    const [placed] = report.steps, names = { placed: "Placed", paid: "Paid", shipped: "Shipped", canceled: "Canceled", expired: "Expired, not paid in time" };
    if (!placed.orders) return body.append(state("No order was placed in this period", "Choose a longer period."));
    const name = "Orders by how far they got";
    charts.bars(body, { name, top: placed.orders, rows: report.steps.map((s) => ({
      label: names[s.step], value: s.orders, text: show.number(s.orders), note: s.step === "placed" ? "" : show.percent(s.rate), second: ["canceled", "expired"].includes(s.step),
    })) });
    const took = (step) => lasting(report.steps.find((s) => s.step === step).median_seconds);
    body.append(html("dl", { class: "facts" },
      html("div", {}, html("dt", {}, "Median until paid"), html("dd", {}, took("paid"))),
      html("div", {}, html("dt", {}, "Median from paid to shipped"), html("dd", {}, took("shipped")))));
    charts.table(body, name, [{ name: "Step" }, { name: "Orders", number: true }, { name: "Part", number: true }, { name: "Median from the step before", number: true }],
      report.steps.map((s) => [names[s.step], show.number(s.orders), show.percent(s.rate), lasting(s.median_seconds)]));
  }

  function drawBaskets(body, report, show) {
    const baskets = one({ value: report });
    if (!baskets) return body.append(nothing());
    const rows = baskets.quantiles.map((q) => ({
      label: show.percent(q.quantile), long: `${show.percent(q.quantile)} of the orders, up to`, value: q.cents / 100, text: show.money(q.cents),
    }));
    const name = `Quantiles of the value of baskets, ${baskets.currency}`;
    charts.columns(body, { name, rows, axis: (v) => show.shortMoney(v * 100) });
    charts.table(body, name, [{ name: "Part of the orders" }, { name: "Up to", number: true }], rows.map((r) => [r.label, r.text]));
  }

  // CSV: with the token of this page, which a link could not send.
  document.querySelectorAll("[data-csv]").forEach((button) => button.addEventListener("click", async () => {
    const name = button.dataset.csv, period = checked();
    if (!period) return;
    const query = { ...period, ...(name === "sales" && { interval: fields.interval.value }), ...(name === "top-products" && { by: measure("top-measure"), limit: 100 }) };
    button.disabled = true;
    try {
      const answer = await ask(`/reports/${name}/export`, query);
      const link = html("a", { href: URL.createObjectURL(await answer.blob()), download: `${name}_${period.from}_${period.to}.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      say("The file is saved.");
    } catch (error) {
      if (error.status === 401) return leave("Your session has ended. Sign in again.");
      button.closest(".card").querySelector(".body").prepend(html("p", { class: "alert", role: "alert" }, `The file was not saved: ${sentence(error)}`));
    } finally {
      button.disabled = false;
    }
  }));

  form.elements.email.focus();
})();
