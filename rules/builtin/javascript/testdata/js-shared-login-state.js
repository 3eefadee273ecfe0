import express from "express";

const app = express();
let currentUser;
let isAdmin = false;
let served = 0;

app.post("/login", async (req, res) => {
  const user = await find(req.body.name);
  // ruleid: js-shared-login-state
  currentUser = user;
  if (user.role === "admin") {
    // ruleid: js-shared-login-state
    isAdmin = true;
  }
  res.end();
});

app.get("/logout", (req, res) => {
  // ruleid: js-shared-login-state
  currentUser = null;
  res.end();
});

app.get("/count", (req, res) => {
  // ok: js-shared-login-state
  served = served + 1;
  res.end();
});

app.post("/enter", async (req, res) => {
  let currentUser;
  // ok: js-shared-login-state
  currentUser = await find(req.body.name);
  // ok: js-shared-login-state
  req.session.userId = currentUser.id;
  res.end();
});

export function main() {
  // ok: js-shared-login-state
  currentUser = null;
}
