import express, { type Request, type Response } from "express";

const app = express();
let currentUser: User | undefined;
let isAdmin: boolean = false;
let served = 0;

app.post("/login", async (req, res) => {
  // ruleid: js-shared-login-state
  currentUser = await find(req.body.name);
  // ruleid: js-shared-login-state
  isAdmin = currentUser.role === "admin";
  // ok: js-shared-login-state
  req.session.userId = currentUser.id;
  res.end();
});

app.get("/logout", (req, res) => {
  // ruleid: js-shared-login-state
  currentUser = undefined;
  // ok: js-shared-login-state
  served = served + 1;
  res.end();
});

export function reset(): void {
  // ok: js-shared-login-state
  currentUser = undefined;
}
