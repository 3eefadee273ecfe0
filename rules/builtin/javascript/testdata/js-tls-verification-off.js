const https = require("https");
const tls = require("tls");
const { readFileSync } = require("fs");
const { Pool } = require("pg");

function hits(url) {
  // ruleid: js-tls-verification-off
  const agent = new https.Agent({ rejectUnauthorized: false });
  const pool = new Pool({
    host: "db.example.com",
    // ruleid: js-tls-verification-off
    ssl: { ca: readFileSync("ca.pem"), rejectUnauthorized: false },
  });
  // ruleid: js-tls-verification-off
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  // ruleid: js-tls-verification-off
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  const options = { url };
  // ruleid: js-tls-verification-off
  options.rejectUnauthorized = false;
  return [agent, pool, options];
}

function silences(config) {
  // ok: js-tls-verification-off
  const agent = new https.Agent({ rejectUnauthorized: true });
  // ok: js-tls-verification-off
  const other = new https.Agent({ rejectUnauthorized: config.verify });
  // ok: js-tls-verification-off
  const server = tls.createServer({ requestCert: false });
  // ok: js-tls-verification-off
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  // ok: js-tls-verification-off
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === "0") throw new Error("TLS is off");
  return [agent, other, server];
}

function asked(options, config) {
  if (config.insecure) {
    // ok: js-tls-verification-off
    options.rejectUnauthorized = false;
  }
  if (config.retries > 3) {
    // ruleid: js-tls-verification-off
    options.rejectUnauthorized = false;
  }
}
