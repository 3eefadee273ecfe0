import DOMPurify from "dompurify";

import { ICON_PATH, escapeHtml } from "./lib";

function hits(el, user, rows) {
  // ruleid: ts-html-from-strings
  el.innerHTML = `<b>${user.name}</b>`;
  // ruleid: ts-html-from-strings
  el.innerHTML = "<b>" + user.name + "</b>";
  // ruleid: ts-html-from-strings
  el.insertAdjacentHTML("beforeend", `<li title="${user.name}">x</li>`);
  // ruleid: ts-html-from-strings
  document.write("<h1>" + user.name + "</h1>");
  // ruleid: ts-html-from-strings
  el.innerHTML += `<tr><td>${rows[0]}</td></tr>`;
}

function silences(el, user, rows) {
  // ok: ts-html-from-strings
  el.textContent = `<b>${user.name}</b>`;
  // ok: ts-html-from-strings
  el.innerHTML = "<b>static</b>";
  // ok: ts-html-from-strings
  el.innerHTML = "";
  // ok: ts-html-from-strings
  el.innerHTML = `<b>${escapeHtml(user.name)}</b>`;
  // ok: ts-html-from-strings
  el.innerHTML = DOMPurify.sanitize(`<b>${user.name}</b>`);
  // ok: ts-html-from-strings
  el.innerHTML = `<svg>${ICON_PATH}</svg>`;
  // ok: ts-html-from-strings
  const text = `<b>${user.name}</b>`;
  return text;
}
