const vm = require("vm");
const { load, parser } = require("./lib");

function hits(name, expr, req) {
  // ruleid: ts-code-from-strings
  eval(`config.${name}`);
  // ruleid: ts-code-from-strings
  eval("(" + expr + ")");
  // ruleid: ts-code-from-strings
  const f = new Function("row", `return row.${name}`);
  // ruleid: ts-code-from-strings
  const g = new Function(`return ${expr}`);
  // ruleid: ts-code-from-strings
  vm.runInNewContext("result = " + expr, {});
  // ruleid: ts-code-from-strings
  eval(req.query.filter);
  // ruleid: ts-code-from-strings
  setTimeout(`load("${name}")`, 100);
  return [f, g];
}

function silences(name, expr, req, row) {
  // ok: ts-code-from-strings
  const data = JSON.parse(expr);
  // ok: ts-code-from-strings
  const value = row[name];
  // ok: ts-code-from-strings
  eval("1 + 1");
  // ok: ts-code-from-strings
  const root = new Function("return this")();
  // ok: ts-code-from-strings
  setTimeout(() => load(`x ${name}`), 100);
  // ok: ts-code-from-strings
  const evaluate = parser.eval(`${expr}`);
  // ok: ts-code-from-strings
  setTimeout(load, 100, `x ${name}`);
  return [data, value, root, evaluate];
}
