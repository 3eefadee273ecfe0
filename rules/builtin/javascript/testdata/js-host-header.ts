function mail(req, token) {
  // ruleid: js-host-header
  const a = "https://" + req.host + "/reset/" + token;
  // ruleid: js-host-header
  const b = `https://${req.headers.host}/confirm/${token}`;
  // ruleid: js-host-header
  const c = `http://${req.get("host")}/password/${token}`;
  // ok: js-host-header
  const d = `${process.env.PUBLIC_URL}/reset/${token}`;
  // ok: js-host-header
  const e = "https://" + req.host + "/health";
  // ok: js-host-header
  const f = "https://example.com/reset/" + token;
}
