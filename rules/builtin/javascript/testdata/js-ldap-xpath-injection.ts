const xpath = require("xpath");
const app = require("express")();

app.get("/user", (req, res) => {
  // ruleid: js-ldap-xpath-injection
  xpath.parse("//user[name='" + req.query.name + "']");
  // ruleid: js-ldap-xpath-injection
  xpath.select(`//user[name='${req.params.name}']`, doc);
  // ruleid: js-ldap-xpath-injection
  ldap.search("dc=example", { filter: "(uid=" + req.query.name + ")" }, done);
  // ok: js-ldap-xpath-injection
  xpath.parse("//user[name=$n]");
  // ok: js-ldap-xpath-injection
  ldap.search("dc=example", { filter: "(uid=" + escapeFilter(req.query.name) + ")" }, done);
  // ok: js-ldap-xpath-injection
  xpath.select("//user[" + Number(req.query.n) + "]", doc);
});
