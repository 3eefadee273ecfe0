const app = require("express")();

app.get("/next", (req, res) => {
  // ruleid: js-open-redirect
  res.redirect(req.query.next);
  // ruleid: js-open-redirect
  res.redirect(302, req.body.target);
  // ruleid: js-open-redirect
  res.setHeader("Location", req.query.next);
});

app.get("/fine", (req, res) => {
  // ok: js-open-redirect
  res.redirect("/users/" + req.query.id);
  // ok: js-open-redirect
  res.redirect("/home");
  const target = req.query.next;
  if (!target.startsWith("/") || target.startsWith("//")) return;
  // ok: js-open-redirect
  res.redirect(target);
});
