// Runs one of the project's TypeScript commands from a bare clone: `node scripts/start.mjs <file.ts> [arguments…]`.
// Plain JavaScript, because it has to speak clearly on a machine that lacks everything else.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
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

/** Whether the packages that npm says are installed are those of the lock file, as after `npm ci` by hand. */
function installedByNpm() {
  const hidden = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const there = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(
    // What is for other machines alone is not installed here.
    ([name, { version, integrity, optional }]) =>
      name === "" ||
      (there[name] === undefined
        ? optional === true
        : there[name].version === version && there[name].integrity === integrity),
  );
}

/** What npm says where it cannot reach its registry. */
const offline =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b/;

/** Asks for one small thing first: `npm ci` tries each of its thousand downloads again for minutes, and says nothing meanwhile. */
function registryReached() {
  const args = [
    "view",
    "yaml",
    "version",
    "--fetch-retries=0",
    "--fetch-timeout=20000",
    "--prefer-online",
    "--loglevel=error",
  ];
  const { status, stderr } = npm(args, ["ignore", "ignore", "pipe"]);
  return status === 0 || !offline.test(String(stderr));
}

function npm(args, stdio) {
  return spawnSync("npm", args, { cwd: root, stdio, shell: process.platform === "win32" });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Installs the locked dependencies unless exactly these are there. A cut-off installation leaves no mark, so it is repeated. */
function installDependencies() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return;
  try {
    if (!installedByNpm()) {
      console.error("Installing the npm dependencies (about 30 s, 500 MB) …");
      rmSync(installed, { force: true });
      // Without a network the packages may be in npm's cache all the same.
      const cacheOnly = registryReached() ? [] : ["--offline"];
      const options = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error", ...cacheOnly];
      const { status, error } = npm(
        ["ci", ...options],
        ["ignore", "inherit", cacheOnly.length > 0 ? "ignore" : "inherit"],
      );
      if (error) fail(`npm could not be started: ${error.message}`);
      if (status !== 0 && cacheOnly.length > 0) {
        fail(
          "The npm registry cannot be reached, and npm's cache lacks packages: connect to a network, or set npm's proxy or registry (npm config).",
        );
      }
      if (status !== 0) fail("npm ci failed: see its message above.");
    }
    mkdirSync(dirname(installed), { recursive: true });
    writeFileSync(installed, lock);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) throw error;
    if (!installedByNpm())
      fail(`${root} cannot be written to, and its packages are not installed: use a checkout of your own.`);
  }
}

requireNode();
installDependencies();

const require = createRequire(import.meta.url);
require("./run-typescript.cjs");
const [node, , file, ...args] = process.argv;
const main = join(root, file);
process.argv = [node, main, ...args];
require(main);
