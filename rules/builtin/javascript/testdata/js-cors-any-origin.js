// ruleid: js-cors-any-origin
app.use(cors());
// ruleid: js-cors-any-origin
app.use(cors({ origin: "*" }));
// ok: js-cors-any-origin
app.use(cors({ origin: ["https://example.com"] }));

function answer(res) {
  // ruleid: js-cors-any-origin
  res.setHeader("Access-Control-Allow-Origin", "*");
  // ok: js-cors-any-origin
  res.setHeader("Access-Control-Allow-Origin", "https://example.com");
  // ok: js-cors-any-origin
  res.setHeader("X-Any", "*");
}
