const app = require("express")();

app.get("/search", (req, res) => {
  const key = req.query.key;
  // ruleid: js-regex-from-request
  new RegExp("\\b" + key);
  // ruleid: js-regex-from-request
  new RegExp(req.params.pattern, "i");
  // ruleid: js-regex-from-request
  RegExp(req.body.pattern);
  // ok: js-regex-from-request
  new RegExp(escapeRegExp(key));
  // ok: js-regex-from-request
  TEXT.includes(key);
  // ok: js-regex-from-request
  /^\w+$/.test(key);
});
