import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { capture } from "./capture";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-inputs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: string | Buffer): string => {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content);
  return file;
};
const run = (...args: readonly string[]) => capture(() => main(args));

const service = (name: string, more: object = {}) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop" },
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
    ...more,
  });

/** The Services that `access --json` knows. */
async function services(...args: readonly string[]): Promise<readonly string[]> {
  const { output, result } = await run("access", "--json", ...args);
  expect(result, output).toBe(0);
  const { services } = JSON.parse(output.slice(output.indexOf("{\n"))) as { services: { name: string }[] };
  return services.map(({ name }) => name).sort();
}

const labelled =
  "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {openservicemesh.io/monitored-by: osm}}\n";
const pod = (name: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", labels: { app: name } },
    spec: { serviceAccountName: name, containers: [{ name: "c", image: "c" }] },
  });

describe("what is read", () => {
  it("is JSON objects one after another, with their places", async () => {
    const file = write("all.json", `${service("cart")}\n${service("items")}${pod("cart")}`);
    expect(await services(file)).toEqual(["cart", "items"]);
    const broken = write("broken.json", `${service("cart")}\n\n{"apiVersion": "v1", "kind": "Service"}`);
    const { output, result } = await run("check", broken);
    expect(output).toContain("broken.json:3:1: error: metadata: The Service has no metadata");
    expect(result).toBe(2);
  });

  it.each([
    ["little", Buffer.from(`\ufeff${service("cart")}`, "utf16le")],
    ["big", Buffer.from(`\ufeff${service("cart")}`, "utf16le").swap16()],
  ])("is UTF-16, %s end first", async (_, bytes) => {
    expect(await services(write("all.json", bytes), write("pod.json", pod("cart")))).toEqual(["cart"]);
  });

  it("is YAML as kubectl reads it: on and yes are booleans, an account called e3 is a text", async () => {
    const file = write(
      "all.yaml",
      `${labelled}---\napiVersion: config.openservicemesh.io/v1alpha2\nkind: MeshConfig\nmetadata: {name: osm-mesh-config, namespace: kube-system}\nspec: {traffic: {enablePermissiveTrafficPolicyMode: yes, enableEgress: off}}\n---\n${pod("e3")}`,
    );
    const { output } = await run("check", file);
    expect(output).toContain("[permissive-mode]");
    const text = await run("check", write("name.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: on}\n"));
    expect(text.output).toMatch(/The Service has no metadata\.name, or it is not a string/);
    expect(text.result).toBe(2);
  });

  it("is an object that the API server will name", async () => {
    const file = write("job.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: run-, namespace: shop}\n");
    const { output, result } = await run("check", file);
    expect(output).not.toContain("has no metadata.name");
    expect(result).toBe(0);
  });
});

describe("a folder", () => {
  it("passes over what holds no object, and says so", async () => {
    write("kustomization.yaml", "resources: [service.yaml]\n");
    write("overlay/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
    write("chart/values.yaml", "replicas: 2\n");
    write("chart/templates/x.yaml", "kind: Service\nmetadata: {{ include `names` . }}\n");
    write("package.json", '{"name": "shop"}');
    write("service.yaml", service("cart"));
    write("pod.yaml", pod("cart"));
    const { output, result } = await run("access", folder);
    expect(result, output).toBe(0);
    for (const name of ["kustomization.yaml", "overlay/kustomization.yaml", "values.yaml", "x.yaml", "package.json"]) {
      expect(output).toContain(name);
    }
    expect(output).toContain("Passed over, because they hold no Kubernetes objects");
  });

  it("still says what is wrong with an object in it", async () => {
    write("service.yaml", "kind: Service\nmetadata: {name: cart}\n");
    const { output, result } = await run("check", folder);
    expect(output).toMatch(/service\.yaml:1:7: error|The Service has no apiVersion/);
    expect(result).toBe(2);
  });
});

describe("nothing", () => {
  it.each([["check"], ["access"]])("is no proof: %s of no object ends with 2", async (command) => {
    const { output, result } = await run(command, write("empty.yaml", "# nothing\n"));
    expect(output).toContain("There is no Kubernetes object in");
    expect(output).not.toMatch(/proved|No findings/);
    expect(result).toBe(2);
  });

  it("is no side of a comparison", async () => {
    const { output, result } = await run("diff", write("a.yaml", ""), write("b.json", service("cart")));
    expect(output).not.toContain("proved");
    expect(result).toBe(2);
  });
});
