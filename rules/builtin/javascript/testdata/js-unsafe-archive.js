const fs = require("fs");
const path = require("path");

function unpack(stream, zip, folder) {
  stream.on("entry", (entry) => {
    // ruleid: js-unsafe-archive
    entry.pipe(fs.createWriteStream(entry.path));
    const name = path.join(folder, entry.path);
    // ruleid: js-unsafe-archive
    fs.writeFileSync(name, entry.contents);
  });
  zip.getEntries().forEach((entry) => {
    // ruleid: js-unsafe-archive
    fs.writeFileSync(folder + "/" + entry.entryName, entry.getData());
  });
  stream.on("entry", (entry) => {
    // ok: js-unsafe-archive
    fs.writeFileSync(path.basename(entry.path), entry.contents);
    const p = path.resolve(folder, entry.path);
    if (!p.startsWith(folder)) return;
    // ok: js-unsafe-archive
    fs.writeFileSync(p, entry.contents);
  });
  // ok: js-unsafe-archive
  fs.writeFileSync(folder + "/list", "");
}
