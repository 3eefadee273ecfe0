const app = require("express")();
const escapeHtml = require("escape-html");

app.get("/hello", (req, res) => {
  // ruleid: js-xss-response
  res.send("<h1>Hello " + req.query.name + "</h1>");
  const { name } = req.query;
  // ruleid: js-xss-response
  res.status(200).send(`Hello ${name}`);
  // ruleid: js-xss-response
  res.write("Hello " + req.params.name);
});

app.get("/fine", (req, res) => {
  const { name } = req.query;
  // ok: js-xss-response
  res.send("Hello " + escapeHtml(name));
  // ok: js-xss-response
  res.json({ name });
  // ok: js-xss-response
  res.render("page", { name });
  // ok: js-xss-response
  res.send({ name });
});
