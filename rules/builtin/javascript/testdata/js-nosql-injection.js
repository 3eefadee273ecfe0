const app = require("express")();

app.post("/login", async (req, res) => {
  // ruleid: js-nosql-injection
  await User.findOne({ name: req.body.name, password: req.body.password });
  // ruleid: js-nosql-injection
  await db.collection("users").find(req.query).toArray();
  // ruleid: js-nosql-injection
  await User.find({ $where: "this.name == '" + req.query.name + "'" });
});

app.post("/fine", async (req, res) => {
  // ok: js-nosql-injection
  await User.findOne({ name: String(req.body.name) });
  // ok: js-nosql-injection
  await User.find({ page: Number(req.query.page) });
  // ok: js-nosql-injection
  const one = items.find((i) => i.name === req.query.name);
  // ok: js-nosql-injection
  await User.findOne({ active: true });
});
