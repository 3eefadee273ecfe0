const jwt = require("jsonwebtoken");
const session = require("express-session");
const secret = "not so secret";

function make(payload) {
  // ruleid: js-hardcoded-secret-in-call
  jwt.sign(payload, "a secret in the code");
  // ruleid: js-hardcoded-secret-in-call
  jwt.sign(payload, secret);
  // ruleid: js-hardcoded-secret-in-call
  session({ secret: "keyboard", cookie: { secure: true } });
  // ok: js-hardcoded-secret-in-call
  jwt.sign(payload, process.env.JWT_SECRET);
  // ok: js-hardcoded-secret-in-call
  jwt.sign({ name: "alice" }, config.get("jwt"));
  // ok: js-hardcoded-secret-in-call
  session({ secret: process.env.SECRET, cookie: { secure: true } });
}
