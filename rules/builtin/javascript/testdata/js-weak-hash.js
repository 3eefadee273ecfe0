const crypto = require("crypto");

function sign(data) {
  // ruleid: js-weak-hash
  crypto.createHash("md5").update(data);
  // ruleid: js-weak-hash
  crypto.createHash("sha1").update(data);
  // ruleid: js-weak-hash
  CryptoJS.MD5(data);
  // ok: js-weak-hash
  crypto.createHash("sha256").update(data);
  // ok: js-weak-hash
  crypto.createHmac("sha512", data);
  // ok: js-weak-hash
  crypto.scrypt(data, crypto.randomBytes(16), 64, done);
}
