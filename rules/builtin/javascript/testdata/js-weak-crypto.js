const crypto = require("crypto");

function encrypt(key, iv) {
  // ruleid: js-weak-crypto
  crypto.createCipheriv("des-ede3-cbc", key, iv);
  // ruleid: js-weak-crypto
  crypto.createCipheriv("aes-128-ecb", key, null);
  // ruleid: js-weak-crypto
  crypto.createCipheriv("aes-256-cbc", key, "0000000000000000");
  // ok: js-weak-crypto
  crypto.createCipheriv("aes-256-gcm", key, iv);
  // ok: js-weak-crypto
  crypto.createCipheriv("aes-256-gcm", key, crypto.randomBytes(12));
  // ok: js-weak-crypto
  crypto.createHash("sha256");
}
