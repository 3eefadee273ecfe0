// ruleid: js-weak-tls
const a = { minVersion: "TLSv1" };
// ruleid: js-weak-tls
const b = { secureProtocol: "TLSv1_method" };
// ruleid: js-weak-tls
const c = grpc.credentials.createInsecure();
// ok: js-weak-tls
const d = { minVersion: "TLSv1.2" };
// ok: js-weak-tls
const e = grpc.credentials.createSsl();
// ok: js-weak-tls
const f = { secureProtocol: "TLSv1_2_method" };
