import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const command = resolve(__dirname, "../../cli/bin.js");
const service = (name: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: a }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: shop, labels: { app: a } }
spec: { serviceAccountName: a, containers: [{ name: a, image: a }] }
`;
const backend = `apiVersion: policy.openservicemesh.io/v1alpha1
kind: IngressBackend
metadata: { name: open, namespace: shop }
spec: { backends: [{ name: cart, port: { number: 80, protocol: http } }], sources: [{ kind: IPRange, name: 0.0.0.0/0 }] }
`;
const misspelt = `apiVersion: access.smi-spec.io/v1alpha3\nkind: TrafficTarget\nmetadata: { name: t, namespace: shop }\nspec: { destinaton: {} }\n`;

let folder: string;
let child: ChildProcess;
let printed: string;
let exit: Promise<unknown[]>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-watch-"));
  mkdirSync(join(folder, "k8s", "deep"), { recursive: true });
  writeFileSync(join(folder, "k8s", "service.yaml"), service("cart"));
  execFileSync(process.execPath, [command, "help"]);
});
afterEach(() => {
  child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function start(...args: readonly string[]): void {
  printed = "";
  child = spawn(process.execPath, [command, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  exit = once(child, "exit");
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
}
const runs = (): number => printed.split("Waiting for changes").length - 1;
/** What was printed by the last of so many runs. */
async function afterRuns(count: number): Promise<string> {
  await expect.poll(runs, { interval: 20 }).toBeGreaterThanOrEqual(count);
  return printed.split("----\n").at(-1) ?? "";
}
async function ended(signal: NodeJS.Signals): Promise<unknown> {
  child.kill(signal);
  return (await exit)[0];
}
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe("--watch", () => {
  it("checks again after a change in a folder, mistakes included, and ends with Ctrl-C", async () => {
    start("check", "--watch", "k8s");
    expect(await afterRuns(1)).toContain("No findings.");
    write("k8s/deep/target.yaml", misspelt);
    expect(await afterRuns(2)).toContain("Did you mean destination?");
    write("k8s/deep/target.yaml", "a: [b");
    expect(await afterRuns(3)).toContain("Not valid YAML");
    rmSync(join(folder, "k8s/deep/target.yaml"));
    expect(await afterRuns(4)).toContain("No findings.");
    expect(await ended("SIGINT")).toBe(130);
  });

  it("takes many writes for one change, and what is no manifest for none", async () => {
    start("access", "--html", "k8s/page.html", "--watch", "k8s");
    await afterRuns(1);
    write("k8s/notes.txt", "hello");
    for (let i = 0; i < 50; i++) write("k8s/service.yaml", service(`cart-${String(i)}`));
    await afterRuns(2);
    await expect.poll(() => existsSync(join(folder, "k8s/page.html"))).toBe(true);
    // The last run may still come.
    await new Promise((done) => setTimeout(done, 1500));
    // Its own page, a manifest's neighbour, starts nothing: otherwise it would run for ever.
    const before = runs();
    await new Promise((done) => setTimeout(done, 1000));
    expect(runs()).toBe(before);
    expect(before).toBeLessThan(10);
    expect(await ended("SIGTERM")).toBe(130);
  });

  it("sees a file that an editor puts in another's place, on both sides of a comparison", async () => {
    write("after.yaml", service("cart"));
    start("diff", "k8s/service.yaml", "after.yaml", "--watch");
    expect(await afterRuns(1)).toContain("No change: proved");
    write("new.yaml", `${service("cart")}---\n${backend}`);
    renameSync(join(folder, "new.yaml"), join(folder, "after.yaml"));
    expect(await afterRuns(2)).toContain("+ opens: outside");
    expect(await ended("SIGINT")).toBe(130);
  });

  it.each([
    [["check", "k8s", "--watch", "--format", "json"], "it goes with text alone"],
    [["access", "-", "--watch"], "nor with standard input"],
    [["diff", "k8s", "--context", "dev", "--watch"], "neither with --context"],
    [["check", "gone", "--watch"], "gone cannot be watched: there is no such file or folder"],
    [["check", "k8s", "--watch", "--wat"], "There is no option --wat"],
  ])("says in one line what it does not go with: %j", async (args, message) => {
    start(...args);
    await expect.poll(() => printed).toContain(message);
    if (!args.includes("--wat")) expect((await exit)[0]).toBe(2);
  });
});
