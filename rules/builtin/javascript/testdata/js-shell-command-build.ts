import * as child_process from "node:child_process";
import cp, { exec, execFile, execSync, spawn } from "node:child_process";
import { promisify } from "node:util";

const execAsync = promisify(exec);
const IMAGE = "acme/builder";

function hits(url: string, name: string) {
  // ruleid: js-shell-command-build
  exec(`open "${url}"`);
  // ruleid: js-shell-command-build
  execSync("git clone " + url, { stdio: "inherit" });
  // ruleid: js-shell-command-build
  child_process.exec(`tar xf ${name} | wc -l`, (err) => console.error(err));
  // ruleid: js-shell-command-build
  cp.execSync(`convert ${name.trim()} out.png`);
}

async function hitInACoroutine(name: string) {
  // ruleid: js-shell-command-build
  const { stdout } = await execAsync(`file ${name}`);
  return stdout;
}

const hitByWayOfAVariable = (name: string) => {
  // ruleid: js-shell-command-build
  const cmd = `tar xf ${name}`;
  console.log(cmd);
  execSync(cmd);
};

function silences(url: string, name: string, cmd: string, db: Database) {
  // ok: js-shell-command-build
  execFile("open", [url]);
  // ok: js-shell-command-build
  execSync("ls | wc -l");
  // ok: js-shell-command-build
  execSync(`docker pull ${IMAGE}`);
  // ok: js-shell-command-build
  execSync(cmd);
  // ok: js-shell-command-build
  execSync(`git clone ${shellQuote(url)}`);
  // ok: js-shell-command-build
  spawn("git", ["clone", `https://example.com/${name}`]);
  // ok: js-shell-command-build
  const m = /^a+$/.exec(`x ${name}`);
  // ok: js-shell-command-build
  db.exec(`VACUUM ${name}`);
  // ok: js-shell-command-build
  console.log(`git clone ${url}`);
  return m;
}
