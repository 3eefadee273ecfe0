const express = require("express");
const session = require("express-session");
const app = express();

// ruleid: js-insecure-cookie
app.use(session({ secret: process.env.SECRET, cookie: { secure: false } }));
// ruleid: js-insecure-cookie
app.use(session({ secret: process.env.SECRET }));
// ok: js-insecure-cookie
app.use(session({ secret: process.env.SECRET, cookie: { secure: true, httpOnly: true } }));

app.get("/", (req, res) => {
  // ruleid: js-insecure-cookie
  res.cookie("id", "1", { httpOnly: false, secure: true });
  // ok: js-insecure-cookie
  res.cookie("id", "1", { httpOnly: true, secure: true });
  // ok: js-insecure-cookie
  res.cookie("theme", "dark", { httpOnly: false, secure: true });
});
