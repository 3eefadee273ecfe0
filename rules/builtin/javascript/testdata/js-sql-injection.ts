const app = require("express")();

app.get("/users", async (req, res) => {
  const name = req.query.name;
  // ruleid: js-sql-injection
  await pool.query("SELECT * FROM users WHERE name = '" + name + "'");
  // ruleid: js-sql-injection
  await sequelize.query(`SELECT * FROM users WHERE name = '${req.body.name}'`);
  // ruleid: js-sql-injection
  await knex.raw("SELECT * FROM users WHERE name = '" + req.params.name + "'");
  // ruleid: js-sql-injection
  db.all(`SELECT * FROM users ORDER BY ${req.query.order}`, () => {});
});

app.get("/fine", async (req, res) => {
  const name = req.query.name;
  // ok: js-sql-injection
  await pool.query("SELECT * FROM users WHERE name = $1", [name]);
  // ok: js-sql-injection
  await knex.raw("SELECT * FROM users WHERE name = ?", name);
  // ok: js-sql-injection
  await pool.query("SELECT * FROM users LIMIT " + parseInt(req.query.limit, 10));
  if (!COLUMNS.includes(name)) return;
  // ok: js-sql-injection
  await pool.query("SELECT * FROM users ORDER BY " + name);
});
