app.post("/list", (req, res) => {
  const list = req.body.users;
  // ruleid: js-loop-bound-from-request
  for (let i = 0; i < list.length; i++) {
    use(list[i]);
  }
});

app.post("/all", (req, res) => {
  const all = req.body;
  // ruleid: js-loop-bound-from-request
  for (var i = 0; i < all.length; i++) {
    use(all[i]);
  }
});

app.post("/query", (req, res) => {
  const ids = req.query.ids;
  // ruleid: js-loop-bound-from-request
  for (let i = 0; i < ids.length; i += 1) {
    use(ids[i]);
  }
});

app.post("/checked", (req, res) => {
  const list = req.body.users;
  if (!Array.isArray(list)) {
    return;
  }
  // ok: js-loop-bound-from-request
  for (let i = 0; i < list.length; i++) {
    use(list[i]);
  }
});

app.post("/own", (req, res) => {
  const own = load();
  // ok: js-loop-bound-from-request
  for (let i = 0; i < own.length; i++) {
    use(own[i]);
  }
  // ok: js-loop-bound-from-request
  for (let i = 0; i < 10; i++) {
    use(i);
  }
});
