app.get("/:id", (req, res) => {
  // ruleid: js-request-trusts-itself
  if (req.cookies.user === req.params.id) show();
  // ruleid: js-request-trusts-itself
  if (req.cookies["user"] === req.params["id"]) show();
  // ruleid: js-request-trusts-itself
  if (req.cookies.role !== req.body.role) deny();
  // ok: js-request-trusts-itself
  if (req.session.user === req.params.id) show();
  // ok: js-request-trusts-itself
  if (req.cookies.csrfToken === req.body.csrf) show();
  // ok: js-request-trusts-itself
  if (req.user.id === req.params.id) show();
});
