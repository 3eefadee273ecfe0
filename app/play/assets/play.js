// What HTML and htmx cannot do by themselves: the marks scroll with the code, the caret's line is told, places can be gone to, and Ctrl+S saves.
"use strict";
(() => {
  const code = document.getElementById("code");
  const sheet = document.getElementById("sheet");
  const line = document.getElementById("line");
  const scroll = () => {
    const marks = document.getElementById("marks"); // it is swapped
    marks.scrollTop = code.scrollTop;
    marks.scrollLeft = code.scrollLeft;
  };
  // Each line has its number beside it.
  for (const area of document.querySelectorAll(".editor textarea")) {
    const gutter = area.parentElement.querySelector(".gutter");
    let lines = 0;
    const number = () => {
      const now = area.value.split("\n").length;
      if (now !== lines) gutter.textContent = Array.from({ length: now }, (_, i) => i + 1).join("\n") + "\n\n";
      lines = now;
      gutter.scrollTop = area.scrollTop;
    };
    area.addEventListener("input", number);
    area.addEventListener("scroll", number);
    number();
  }
  const caret = () => {
    const now = String(code.value.slice(0, code.selectionStart).split("\n").length);
    if (document.activeElement === code && now !== line.value) {
      line.value = now;
      sheet.dispatchEvent(new Event("line"));
    }
  };
  // Lines and columns count from 1; columns count code points.
  const offset = (text, row, column) => {
    const lines = text.split("\n");
    let at = 0;
    for (let i = 0; i < row - 1 && i < lines.length; i++) at += lines[i].length + 1;
    return at + [...(lines[row - 1] || "")].slice(0, column - 1).join("").length;
  };
  const go = (button) => {
    const area = document.getElementById(button.dataset.in);
    const { line: row, column, endLine, endColumn } = button.dataset;
    const from = offset(area.value, +row, +column || 1);
    const to = endLine ? offset(area.value, +endLine, +endColumn) : from;
    area.focus();
    area.setSelectionRange(from, to);
    area.scrollTop = Math.max(0, (+row - 4) * parseFloat(getComputedStyle(area).lineHeight));
    caret();
  };
  code.addEventListener("scroll", scroll);
  document.addEventListener("selectionchange", caret);
  code.addEventListener("input", caret);
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button.goto");
    if (button) go(button);
  });
  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === "s") {
      const save = document.getElementById("save");
      e.preventDefault();
      if (save) save.click();
    }
  });
  // The tree stays as it was, and so do the marks, when the answer is replaced.
  let open = false;
  let top = 0;
  document.addEventListener("htmx:beforeSwap", () => {
    const tree = document.getElementById("tree");
    open = Boolean(tree && tree.open);
    const inner = tree && tree.querySelector(".tree");
    top = inner ? inner.scrollTop : 0;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const tree = document.getElementById("tree");
    if (tree && open) {
      tree.open = true;
      tree.querySelector(".tree").scrollTop = top;
    }
    scroll();
  });
  const failed = () => {
    const said = document.querySelector(".summary");
    if (said) {
      said.className = "summary bad";
      said.textContent = "The playground does not answer: is it still running?";
    }
  };
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);
})();
