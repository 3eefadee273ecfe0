function show(input, node) {
  // ruleid: js-dom-xss
  document.getElementById("out").innerHTML = location.hash.slice(1);
  const q = new URLSearchParams(window.location.search).get("q");
  // ruleid: js-dom-xss
  node.insertAdjacentHTML("beforeend", "<b>" + q + "</b>");
  // ruleid: js-dom-xss
  document.write(document.referrer);
  // ruleid: js-dom-xss
  node.outerHTML = "<p>" + input.getAttribute("data-title") + "</p>";
}

function fine(node, items) {
  const q = new URLSearchParams(window.location.search).get("q");
  // ok: js-dom-xss
  node.textContent = q;
  // ok: js-dom-xss
  node.innerHTML = DOMPurify.sanitize(q);
  // ok: js-dom-xss
  node.innerHTML = "<b>" + Number(q) + "</b>";
  // ok: js-dom-xss
  node.innerHTML = cache.get(items.textContent);
  // ok: js-dom-xss
  node.innerHTML = rendered[hashString(items.textContent)];
  // ok: js-dom-xss
  node.innerHTML = "<b>static</b>";
}
