const crypto = require("crypto");

function hits(res, user) {
  // ruleid: js-predictable-random
  const token = Math.random().toString(36).slice(2);
  // ruleid: js-predictable-random
  user.resetCode = Math.floor(Math.random() * 1000000);
  // ruleid: js-predictable-random
  res.cookie("id", String(Math.random()));
}

function silences(items) {
  // ok: js-predictable-random
  const token = crypto.randomBytes(32).toString("hex");
  // ok: js-predictable-random
  const jitter = Math.random() * 100;
  // ok: js-predictable-random
  const colour = items[Math.floor(Math.random() * items.length)];
}
