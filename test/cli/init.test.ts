import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { initCommand } from "../../cli/init";
import { processTerminal, type Terminal } from "../../cli/terminal";

let root: string;
let said: string;
const say = (text: string): void => void (said += text);
const terminal: Terminal = { ...processTerminal(), out: say, err: say };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "aks-mesh-init-"));
  said = "";
  mkdirSync(join(root, "stacks"));
  writeFileSync(join(root, "stacks", "index.ts"), "");
  cpSync(resolve(__dirname, "../../docs/orders"), join(root, "manifests"), { recursive: true });
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const init = (...args: string[]) => initCommand(terminal, args, root);
const written = (file: string) => readFileSync(join(root, "stacks", file), "utf8");

describe("aks-mesh init", () => {
  test("writes who there is, and what is deployed", () => {
    expect(init("my-orders", "--from", "manifests")).toBe(0);
    expect(written("my-orders/policy.ts")).toContain(
      '    orders: { namespace: "shop", serviceAccount: "orders", ports: [{ port: 8080, protocol: "http" }] },\n',
    );
    expect(written("my-orders/policy.ts")).toContain('    web: { namespace: "shop", serviceAccount: "web" },\n');
    const index = written("my-orders/index.ts");
    expect(index).toContain("export const myOrders = defineApplication({");
    expect(index).toContain('workloads: [{ manifests: "manifests" }]');
    expect(index).toContain('postgres: "docker.io/library/postgres"');
    expect(index).toContain('front: "orders"');
    expect(said).toContain('import { myOrders } from "./my-orders";');
  });

  test("says what a mesh would read otherwise than it was meant", () => {
    const pod = 'template: { metadata: { labels: { app: a } }, spec: { containers: [{ image: "a:1" }] } }';
    writeFileSync(
      join(root, "cache.yaml"),
      [
        `{ apiVersion: apps/v1, kind: Deployment, metadata: { name: a, namespace: shop }, spec: { ${pod} } }`,
        "{ apiVersion: v1, kind: Service, metadata: { name: a, namespace: shop }, spec: { selector: { app: a }, ports: [{ port: 6379 }] } }",
        "{ apiVersion: v1, kind: Service, metadata: { name: b, namespace: shop }, spec: { selector: { app: b }, ports: [{ port: 80 }] } }",
      ].join("\n---\n"),
    );
    init("cache", "--from", "cache.yaml");
    expect(said).toContain("Service shop/a: its pods run as the service account default");
    expect(said).toMatch(/Service shop\/a: nothing says what port 6379 speaks.*appProtocol: tcp/);
    expect(said).toContain("Service shop/b: no workload is behind it");
    expect(written("cache/policy.ts")).toContain('ports: [{ port: 6379, protocol: "tcp" }]');
  });

  test.each([
    [[], /Name the application/],
    [["Orders", "--from", "manifests"], /"Orders" cannot name an application/],
    [["orders"], /Say where the manifests are: aks-mesh init orders --from/],
    [["orders", "--from", "nowhere"], /nowhere/],
    [["orders", "--from", "../elsewhere"], /outside of the repository/],
    [["orders", "--form", "manifests"], /no option --form.*--from/],
  ])("refuses %j", (args, message) => {
    expect(() => init(...args)).toThrow(message);
  });

  test("overwrites nothing", () => {
    init("orders", "--from", "manifests");
    const before = written("orders/policy.ts");
    expect(() => init("orders", "--from", "manifests")).toThrow(/stacks\/orders is there already/);
    expect(written("orders/policy.ts")).toBe(before);
  });
});
