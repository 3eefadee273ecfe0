const vm = require("vm");
const pug = require("pug");
const app = require("express")();

app.get("/run", (req, res) => {
  // ruleid: js-code-injection
  eval("(" + req.query.formula + ")");
  // ruleid: js-code-injection
  new Function("a", req.body.code);
  // ruleid: js-code-injection
  vm.runInNewContext(req.query.code, {});
  // ruleid: js-code-injection
  pug.render("p " + req.query.text);
});

app.get("/fine", (req, res) => {
  // ok: js-code-injection
  JSON.parse(req.body.data);
  // ok: js-code-injection
  setTimeout(() => work(req.query.name), 10);
  // ok: js-code-injection
  pug.render("p= text", { text: req.query.text });
  // ok: js-code-injection
  eval("1 + 1");
});
