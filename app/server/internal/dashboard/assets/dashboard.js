// What HTML and htmx cannot do by themselves: polls that cost nothing while nothing changed, that leave alone what somebody stands in, and times in words.
"use strict";
(() => {
  const tags = new WeakMap(); // of the parts that are asked for again: what they were answered with
  const polls = (elt) => (elt.getAttribute("hx-trigger") || "").startsWith("every");
  document.addEventListener("htmx:configRequest", (e) => {
    const tag = tags.get(e.detail.elt);
    if (tag) e.detail.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:beforeRequest", (e) => {
    const part = e.detail.elt;
    if (!polls(part)) return;
    const selected = document.getSelection();
    const busy = document.hidden || part.contains(document.activeElement) || part.querySelector("details.act[open]") ||
      (selected && !selected.isCollapsed && part.contains(selected.anchorNode));
    if (busy) e.preventDefault();
  });
  const open = new Set(); // what was unfolded stays so
  document.addEventListener("htmx:beforeSwap", (e) => {
    open.clear();
    for (const d of e.detail.target.querySelectorAll("details[open][id]")) open.add(d.id);
  });
  document.addEventListener("htmx:afterSwap", (e) => {
    for (const id of open) {
      const d = document.getElementById(id);
      if (d) d.open = true;
    }
    words(e.detail.target);
  });
  const connection = (lost) => {
    const note = document.getElementById("connection");
    if (note) note.hidden = !lost;
  };
  document.addEventListener("htmx:afterRequest", (e) => {
    const xhr = e.detail.xhr;
    if (!xhr || !polls(e.detail.elt)) return;
    connection(!(xhr.status === 304 || (xhr.status >= 200 && xhr.status < 300)));
    const tag = xhr.getResponseHeader("ETag");
    if (tag) tags.set(e.detail.elt, tag);
  });
  document.addEventListener("htmx:sendError", () => connection(true));
  document.addEventListener("htmx:timeout", () => connection(true));

  // "3 minutes ago", with the time itself where the pointer rests.
  const steps = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [Infinity, "year"]];
  const form = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const inWords = (then) => {
    let n = (then - Date.now()) / 1000;
    if (Math.abs(n) < 45) return n > 0 ? "in a moment" : "just now";
    for (const [many, unit] of steps) {
      if (Math.abs(n) < many) return form.format(Math.round(n), unit);
      n /= many;
    }
  };
  const words = (where) => {
    for (const t of where.querySelectorAll("time[datetime]")) {
      if (!t.title) t.title = t.textContent;
      const text = inWords(Date.parse(t.dateTime));
      if (t.textContent !== text) t.textContent = text;
    }
  };
  words(document);
  setInterval(() => words(document), 20000);
})();
