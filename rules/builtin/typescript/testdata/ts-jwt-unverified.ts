import jwt from "jsonwebtoken";

function hits(token: string, key: string) {
  // ruleid: ts-jwt-unverified
  const a = jwt.verify(token, key, { algorithms: ["RS256", "none"] });
  // ruleid: ts-jwt-unverified
  const b = jwt.verify(token, key, { ignoreExpiration: true });
  // ruleid: ts-jwt-unverified
  const c = jwt.verify(token, "", { algorithms: ["HS256"] });
  // ruleid: ts-jwt-unverified
  const d = jwt.sign({ sub: "alice" }, key, { expiresIn: "1h", algorithm: "none" });
  return [a, b, c, d];
}

function hitWithoutVerify(req: Request, token: string) {
  // ruleid: ts-jwt-unverified
  req.user = jwt.decode(token);
}

function silences(req: Request, token: string, key: string) {
  // ok: ts-jwt-unverified
  const a = jwt.verify(token, key, { algorithms: ["RS256"] });
  // ok: ts-jwt-unverified
  const b = jwt.verify(token, key, { algorithms: ["RS256"], ignoreExpiration: false });
  // ok: ts-jwt-unverified
  const header = jwt.decode(token, { complete: true }).header;
  // ok: ts-jwt-unverified
  req.user = jwt.verify(token, key, { algorithms: ["RS256"] });
  // ok: ts-jwt-unverified
  const c = jwt.sign({ sub: "alice" }, key, { algorithm: "RS256" });
  // ok: ts-jwt-unverified
  const options = { ignoreExpiration: true };
  return [a, b, c, header, options];
}

function verifiedBefore(req: Request, token: string, key: string) {
  jwt.verify(token, key, { algorithms: ["RS256"] });
  // ok: ts-jwt-unverified
  req.user = jwt.decode(token);
}
