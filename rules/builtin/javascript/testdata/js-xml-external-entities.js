const libxmljs = require("libxmljs");
const expat = require("node-expat");
const app = require("express")();

app.post("/xml", (req, res) => {
  // ruleid: js-xml-external-entities
  libxmljs.parseXml(req.body, { noent: true });
  const parser = new expat.Parser("UTF-8");
  // ruleid: js-xml-external-entities
  parser.write(req.body.xml);
  // ruleid: js-xml-external-entities
  parser.parse(req.body);
  // ok: js-xml-external-entities
  libxmljs.parseXml(req.body);
  // ok: js-xml-external-entities
  libxmljs.parseXml(req.body, { noent: false });
  // ok: js-xml-external-entities
  parser.write("<a/>");
});
