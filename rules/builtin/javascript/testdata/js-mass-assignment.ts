app.post("/users", async (req, res) => {
  // ruleid: js-mass-assignment
  await User.create(req.body);
  // ruleid: js-mass-assignment
  await User.create({ ...req.body, created: now });
  // ruleid: js-mass-assignment
  Object.assign(user, req.body);
  // ok: js-mass-assignment
  await User.create({ name: req.body.name });
  // ok: js-mass-assignment
  await User.create(schema.parse(req.body));
  // ok: js-mass-assignment
  const copy = Object.assign({}, defaults);
});
