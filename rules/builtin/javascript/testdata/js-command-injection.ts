const { exec, execFile, spawn } = require("child_process");
const app = require("express")();

app.get("/ping", (req, res) => {
  // ruleid: js-command-injection
  exec("ping -c 1 " + req.query.host);
  const { host } = req.query;
  // ruleid: js-command-injection
  exec(`ping ${host}`, () => {});
  // ruleid: js-command-injection
  spawn("sh", ["-c", "ping " + host]);
  // ruleid: js-command-injection
  spawn("ping", ["-c", host], { shell: true });
});

app.get("/fine", (req, res) => {
  const host = req.query.host;
  // ok: js-command-injection
  execFile("ping", ["-c", "1", "--", host]);
  // ok: js-command-injection
  exec("ping -c " + Number(req.query.count) + " example.com");
  // ok: js-command-injection
  const found = /^\w+$/.exec(host);
  if (!ALLOWED_HOSTS.includes(host)) return;
  // ok: js-command-injection
  exec("ping " + host);
});
