app.get("/", (req, res) => {
  // ruleid: js-response-header
  res.set("Content-Type", req.query.type);
  // ruleid: js-response-header
  res.setHeader("X-Name", req.query.name);
  // ruleid: js-response-header
  res.writeHead(200, { "X-Name": req.query.name });
  // ok: js-response-header
  res.set("Content-Type", "text/plain");
  // ok: js-response-header
  res.setHeader("X-Page", Number(req.query.page));
  // ok: js-response-header
  res.setHeader("X-Name", encodeURIComponent(req.query.name));
});
