function check(req, user, signature) {
  // ruleid: js-timing-comparison
  if (req.headers.signature === expected) return true;
  // ruleid: js-timing-comparison
  if (user.passwordHash == given) return true;
  // ruleid: js-timing-comparison
  if (apiKey !== stored.value) return false;
  // ok: js-timing-comparison
  if (signature === undefined) return false;
  // ok: js-timing-comparison
  if (password !== confirmPassword) return false;
  // ok: js-timing-comparison
  if (crypto.timingSafeEqual(a, b)) return true;
}
