import { prisma, sql } from "./db";

const TABLE = "users";
const STATUS = "active";

async function hits(db: Database, name: string, user: User) {
  // ruleid: js-sql-string-build
  await db.query(`SELECT * FROM users WHERE name = '${name}'`);
  // ruleid: js-sql-string-build
  await db.query("SELECT * FROM users WHERE name = '" + name + "'");
  // ruleid: js-sql-string-build
  db.prepare(`UPDATE users SET name = "${name}" WHERE id = ${user.id}`).run();
  await db.execute(
    // ruleid: js-sql-string-build
    `
    DELETE FROM users
    WHERE id = ${user.id}`,
  );
  // ruleid: js-sql-string-build
  await prisma.$queryRawUnsafe(`SELECT * FROM users WHERE name LIKE '%${name}%'`);
}

async function hitByWayOfAVariable(db: Database, name: string) {
  // ruleid: js-sql-string-build
  const sql = `SELECT * FROM users WHERE name = '${name}'`;
  const rows = await db.query(sql);
  return rows;
}

async function silences(db: Database, name: string, ids: string[], map: Map<string, string>) {
  // ok: js-sql-string-build
  await db.query("SELECT * FROM users WHERE name = $1", [name]);
  // ok: js-sql-string-build
  await db.query(`SELECT * FROM ${TABLE} WHERE name = $1`, [name]);
  // ok: js-sql-string-build
  await db.query(`SELECT * FROM users WHERE status = '${STATUS}'`);
  const placeholders = ids.map(() => "?").join(",");
  // ok: js-sql-string-build
  await db.query(`SELECT * FROM users WHERE id IN (${placeholders})`, ids);
  // ok: js-sql-string-build
  await prisma.$queryRaw`SELECT * FROM users WHERE name = ${name}`;
  // ok: js-sql-string-build
  await db.query(sql`SELECT * FROM users WHERE name = ${name}`);
  // ok: js-sql-string-build
  await db.query(`SELECT * FROM users WHERE id = ${Number(ids[0])}`);
  // ok: js-sql-string-build
  map.get(`select = ${name}`.trim());
  // ok: js-sql-string-build
  map.get(`name=${name}`);
  // ok: js-sql-string-build
  console.log(`SELECT * FROM users WHERE name = '${name}'`);
}
