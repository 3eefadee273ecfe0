const fs = require("fs");
const path = require("path");
const app = require("express")();

app.get("/file/:name", (req, res) => {
  // ruleid: js-path-traversal
  fs.readFile("files/" + req.params.name, () => {});
  const name = req.query.name;
  // ruleid: js-path-traversal
  const p = path.join(__dirname, name);
  // ruleid: js-path-traversal
  res.sendFile(`/srv/files/${name}`);
});

app.get("/fine/:name", (req, res) => {
  // ok: js-path-traversal
  fs.readFile("files/" + path.basename(req.params.name), () => {});
  // ok: js-path-traversal
  res.sendFile(req.params.name, { root: "files" });
  // ok: js-path-traversal
  fs.writeFile("files/list.txt", req.body.text, () => {});
  Document.findByPk(req.params.id).then((document) => {
    // ok: js-path-traversal
    fs.readFile(path.join(ROOT, document.key), () => {});
  });
  const name = req.query.name;
  if (!ALLOWED.includes(name)) return;
  // ok: js-path-traversal
  fs.createReadStream("files/" + name);
});
