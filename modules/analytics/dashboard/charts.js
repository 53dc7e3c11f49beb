// Charts as SVG, drawn by hand: each is a picture with a name, whose points can be reached with the keyboard and say what
// they show, and has the same as a table below it.
"use strict";

const charts = (() => {
  const NS = "http://www.w3.org/2000/svg";

  // svg makes an element with attributes and children; a text is a child, too.
  function svg(name, attributes = {}, ...children) {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // html is svg for the page.
  function html(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // ticks are at most so many round numbers from 0 up to where the scale ends, which is not below top.
  function ticks(top, most, whole) {
    const rough = Math.max(top, whole ? 1 : 0.01) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    let size = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough);
    if (whole) size = Math.max(1, Math.ceil(size));
    return Array.from({ length: Math.ceil(Math.max(top, size) / size) + 1 }, (_, i) => i * size);
  }

  // frame is the box of a chart, drawn anew when its width changes.
  function frame(into, draw) {
    const box = html("div", { class: "chart" });
    into.append(box);
    let drawn = 0;
    const observer = new ResizeObserver(() => {
      if (!box.isConnected) return observer.disconnect();
      const width = Math.floor(box.clientWidth);
      if (width === 0 || width === drawn) return;
      const focused = [...box.querySelectorAll("[data-i]")].indexOf(document.activeElement);
      drawn = width;
      box.replaceChildren();
      draw(box, width);
      if (focused >= 0) box.querySelectorAll("[data-i]")[focused]?.focus();
    });
    observer.observe(box);
    return box;
  }

  // rove makes one of many marks reachable by Tab and the others by the arrow keys.
  function rove(marks, show, hide) {
    let at = marks.length - 1;
    marks.forEach((mark, i) => {
      mark.setAttribute("tabindex", i === at ? 0 : -1);
      mark.setAttribute("data-i", i);
      mark.addEventListener("focus", () => show(i));
      mark.addEventListener("blur", hide);
      mark.addEventListener("keydown", (event) => {
        const to = { ArrowLeft: i - 1, ArrowUp: i - 1, ArrowRight: i + 1, ArrowDown: i + 1, Home: 0, End: marks.length - 1 }[event.key];
        if (event.key === "Escape") hide();
        if (to === undefined) return;
        event.preventDefault();
        const next = Math.min(Math.max(to, 0), marks.length - 1);
        marks[at].setAttribute("tabindex", -1);
        marks[(at = next)].setAttribute("tabindex", 0);
        marks[at].focus();
      });
    });
  }

  function tip(box) {
    const element = html("div", { class: "tip", "aria-hidden": "true", hidden: "" });
    box.append(element);
    return {
      show(x, y, label, value) {
        element.replaceChildren(html("b", {}, value), label);
        element.hidden = false;
        const left = Math.min(Math.max(x - element.offsetWidth / 2, 0), box.clientWidth - element.offsetWidth);
        element.style.transform = `translate(${left}px, ${Math.max(y - element.offsetHeight - 12, -8)}px)`;
      },
      hide() { element.hidden = true; },
    };
  }

  // table is a chart's alternative. Cells of columns with number: true stand to the right.
  function table(into, caption, columns, rows) {
    const heads = columns.map((c) => html("th", { scope: "col", ...(c.number && { class: "number" }) }, c.name));
    const lines = rows.map((row) => html("tr", {}, ...row.map((cell, i) =>
      html(i ? "td" : "th", { ...(i === 0 && { scope: "row" }), ...(columns[i].number && { class: "number" }) }, cell))));
    into.append(html("details", {}, html("summary", {}, "Show as a table"),
      html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
        html("table", {}, html("caption", { class: "visually-hidden" }, caption),
          html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...lines)))));
  }

  // line draws points { label, short, value, text } over time.
  function line(into, { name, points, axis, whole }) {
    frame(into, (box, width) => {
      const height = width < 500 ? 220 : 280;
      const scale = ticks(Math.max(...points.map((p) => p.value)), 4, whole);
      const top = scale.at(-1);
      const labels = scale.map(axis);
      const left = 12 + 7 * Math.max(...labels.map((l) => l.length)), right = 12, head = 12, foot = 28;
      const x = (i) => left + (points.length === 1 ? 0.5 : i / (points.length - 1)) * (width - left - right);
      const y = (v) => head + (1 - v / top) * (height - head - foot);
      const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "group", "aria-label": `${name}. Arrow keys go from point to point.` },
        svg("defs", {}, svg("linearGradient", { id: "fade", x1: 0, x2: 0, y1: 0, y2: 1 },
          svg("stop", { offset: 0, class: "fade-top" }), svg("stop", { offset: 1, class: "fade-end" }))));
      scale.forEach((v, i) => root.append(
        svg("line", { class: "rule", x1: left, x2: width - right, y1: y(v), y2: y(v) }),
        svg("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end", "aria-hidden": "true" }, labels[i])));
      const every = Math.ceil(points.length / Math.max(2, Math.floor((width - left) / 84)));
      points.forEach((p, i) => {
        if (i % every || (i && x(i) > width - right - 24)) return;
        root.append(svg("text", { x: x(i), y: height - 6, "text-anchor": i === 0 && points.length > 1 ? "start" : "middle", "aria-hidden": "true" }, p.short));
      });
      const path = points.map((p, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(p.value).toFixed(1)}`).join("");
      root.append(svg("path", { class: "area", d: `${path}L${x(points.length - 1)} ${y(0)}L${x(0)} ${y(0)}Z` }), svg("path", { class: "series", d: path }));
      const guide = svg("line", { class: "guide", y1: head, y2: y(0), visibility: "hidden" });
      root.append(guide);
      const few = (width - left - right) / points.length >= 16;
      const dots = points.map((p, i) => svg("circle", {
        class: few ? "dot few" : "dot", cx: x(i), cy: y(p.value), r: few ? 4 : 5, role: "img", "aria-label": `${p.label}: ${p.text}`,
      }));
      root.append(...dots);
      box.append(root);
      const balloon = tip(box);
      const show = (i) => {
        hide();
        dots[i].classList.add("at");
        guide.setAttribute("x1", x(i));
        guide.setAttribute("x2", x(i));
        guide.setAttribute("visibility", "visible");
        balloon.show(x(i), y(points[i].value), points[i].label, points[i].text);
      };
      const hide = () => {
        root.querySelector(".at")?.classList.remove("at");
        guide.setAttribute("visibility", "hidden");
        balloon.hide();
      };
      root.addEventListener("pointermove", (event) => {
        const share = (event.clientX - root.getBoundingClientRect().left - left) / (width - left - right);
        show(Math.min(Math.max(Math.round(share * (points.length - 1)), 0), points.length - 1));
      });
      root.addEventListener("pointerleave", hide);
      rove(dots, show, hide);
    });
  }

  // fit cuts a text that would be wider than so many pixels.
  const fit = (text, width) => (text.length * 7.2 > width ? `${text.slice(0, Math.max(1, Math.floor(width / 7.2) - 1))}…` : text);

  // bars draws rows { label, value, text, note, second } against the longest, or against top.
  function bars(into, { name, rows, top }) {
    frame(into, (box, width) => {
      const step = 44, longest = top ?? Math.max(...rows.map((r) => r.value), 1);
      const root = svg("svg", { viewBox: `0 0 ${width} ${rows.length * step}`, height: rows.length * step, role: "group", "aria-label": `${name}. Arrow keys go from bar to bar.` });
      const marks = rows.map((row, i) => {
        const y = i * step, text = row.note ? `${row.text} · ${row.note}` : row.text;
        return svg("g", { class: "mark", role: "img", "aria-label": `${row.label}: ${text}` },
          svg("text", { class: "strong", x: 0, y: y + 14 }, fit(row.label, width - text.length * 7 - 16)),
          svg("text", { x: width, y: y + 14, "text-anchor": "end" }, text),
          svg("rect", { class: "track", x: 0, y: y + 22, width, height: 8, rx: 4 }),
          svg("rect", { class: row.second ? "fill second" : "fill", x: 0, y: y + 22, width: row.value ? Math.max(4, width * row.value / longest) : 0, height: 8, rx: 4 }));
      });
      root.append(...marks);
      box.append(root);
      rove(marks, () => {}, () => {});
    });
  }

  // columns draws rows { label, value, text } side by side.
  function columns(into, { name, rows, axis }) {
    frame(into, (box, width) => {
      const height = 240, head = 28, foot = 28;
      const scale = ticks(Math.max(...rows.map((r) => r.value)), 4, false), top = scale.at(-1), labels = scale.map(axis);
      const left = 12 + 7 * Math.max(...labels.map((l) => l.length));
      const y = (v) => head + (1 - v / top) * (height - head - foot);
      const slot = (width - left) / rows.length, wide = Math.min(64, slot * 0.6);
      const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "group", "aria-label": `${name}. Arrow keys go from column to column.` });
      scale.forEach((v, i) => root.append(
        svg("line", { class: "rule", x1: left, x2: width, y1: y(v), y2: y(v) }),
        svg("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end", "aria-hidden": "true" }, labels[i])));
      const middle = (i) => left + (i + 0.5) * slot;
      const marks = rows.map((row, i) => svg("g", { class: "mark", role: "img", "aria-label": `${row.long}: ${row.text}` },
        svg("rect", { class: "column", x: middle(i) - wide / 2, y: y(row.value), width: wide, height: Math.max(0, y(0) - y(row.value)), rx: 4 }),
        ...(slot > 84 ? [svg("text", { class: "strong", x: middle(i), y: y(row.value) - 8, "text-anchor": "middle" }, row.text)] : []),
        svg("text", { x: middle(i), y: height - 6, "text-anchor": "middle" }, row.label)));
      root.append(...marks);
      box.append(root);
      const balloon = tip(box), show = (i) => balloon.show(middle(i), y(rows[i].value), rows[i].long, rows[i].text);
      marks.forEach((mark, i) => {
        mark.addEventListener("pointerenter", () => show(i));
        mark.addEventListener("pointerleave", balloon.hide);
      });
      rove(marks, show, balloon.hide);
    });
  }

  return { html, line, bars, columns, table };
})();
