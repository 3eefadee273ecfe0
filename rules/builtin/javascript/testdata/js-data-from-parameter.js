const child_process = require("child_process");

function run(code, command, address) {
  // ruleid: js-data-from-parameter
  eval(code);
  // ruleid: js-data-from-parameter
  child_process.exec("ls " + command);
  // ruleid: js-data-from-parameter
  page.goto(address);
  // ok: js-data-from-parameter
  child_process.exec("uptime");
  // ok: js-data-from-parameter
  eval("1 + 1");
  // ok: js-data-from-parameter
  page.goto("https://example.com");
}
