const app = require("express")();

app.get("/check", (req, res) => {
  // ruleid: js-slow-regex
  /^(a+)+$/.test(req.query.text);
  // ruleid: js-slow-regex
  req.query.text.match(/^(([a-z])+.)+[A-Z]([a-z])+$/);
  // ruleid: js-slow-regex
  /([a-z]+)+$/.exec(req.params.id);
  // ok: js-slow-regex
  /^a+$/.test(req.query.text);
  // ok: js-slow-regex
  /^(a+)+$/.test("constant");
  // ok: js-slow-regex
  /^(a+)+$/.test(req.query.text.slice(0, 20));
});
