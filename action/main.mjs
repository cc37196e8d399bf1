// What action.yml runs: its inputs, from the environment, as arguments of `aks-mesh review`. No shell reads them.
import { spawnSync } from "node:child_process";
import { run } from "./commands.mjs";

const input = (name) => (process.env[`AKS_MESH_${name.toUpperCase().replaceAll("-", "_")}`] ?? "").trim();

/** The command's arguments. What is empty is left out: its default is the command's. */
function commandLine() {
  const given = ["mesh", "namespace", "base", "fail-on", "name", "sarif"].filter((name) => input(name) !== "");
  const files = input("files")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const comment = input("comment") === "false" ? [] : ["--comment"];
  return [...given.map((name) => `--${name}=${input(name)}`), ...comment, "--", ...files];
}

/** A checkout of one commit does not have the base. Only a commit's own name is fetched: it can mean nothing else. */
function fetchBase(base) {
  const has = () => spawnSync("git", ["cat-file", "-e", `${base}^{commit}`]).status === 0;
  if (!/^[0-9a-f]{40}$/.test(base) || has()) return;
  spawnSync("git", ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--depth=1", "origin", base], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, GIT_TERMINAL_PROMPT: "0", GITHUB_TOKEN: "" },
  });
}

fetchBase(input("base"));
process.exitCode = await run("review", commandLine());
