// Runs one of the project's TypeScript commands from a bare clone: `node scripts/start.mjs <file.ts> [arguments…]`.
// Plain JavaScript, because it has to speak clearly on a machine that lacks everything else.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = join(root, "node_modules", ".installed-lock");

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `aks-mesh needs Node.js 20.19 or newer; this is ${process.versions.node}. Install it from https://nodejs.org.`,
  );
  process.exit(1);
}

/** Installs the locked dependencies unless exactly these are there. A cut-off installation leaves no mark, so it is repeated. */
function installDependencies() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return;
  console.error("Installing the npm dependencies (about 30 s, 500 MB) …");
  rmSync(installed, { force: true });
  const { status, error } = spawnSync("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(error ? `npm could not be started: ${error.message}` : "npm ci failed: see its message above.");
    process.exit(1);
  }
  mkdirSync(dirname(installed), { recursive: true });
  writeFileSync(installed, lock);
}

requireNode();
installDependencies();

const [file, ...args] = process.argv.slice(2);
const child = spawn(process.execPath, ["--import", "tsx", join(root, file), ...args], { stdio: "inherit" });
// A terminal sends Ctrl-C to the whole group: the child decides when to end, and how.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT") child.kill(signal);
  });
}
child.on("exit", (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
