const axios = require("axios");
const app = require("express")();

app.get("/fetch", async (req, res) => {
  // ruleid: js-ssrf
  await axios.get(req.query.url);
  const { host } = req.query;
  // ruleid: js-ssrf
  await fetch(`https://${host}/status`);
  const page = await browser.newPage();
  // ruleid: js-ssrf
  await page.goto(req.body.url);
});

app.get("/fine", async (req, res) => {
  // ok: js-ssrf
  await axios.get("https://api.example.com/users/" + encodeURIComponent(req.query.user));
  // ok: js-ssrf
  await fetch(`https://api.example.com/users/${req.query.user}`);
  // ok: js-ssrf
  await axios.get("https://api.example.com/search", { params: { q: req.query.q } });
  const url = req.query.url;
  if (!isAllowedUrl(url)) return;
  // ok: js-ssrf
  await fetch(url);
});
