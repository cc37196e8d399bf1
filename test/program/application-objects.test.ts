import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ManifestSource } from "../../program/application";
import { applicationObjects } from "../../program/application-objects";
import { imagesInPlace } from "../../program/images";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "aks-mesh-objects-"));
  mkdirSync(join(root, "bin"));
  mkdirSync(join(root, "chart"));
  vi.stubEnv("PATH", join(root, "bin"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const configMap = (namespace?: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${namespace === undefined ? "" : `, namespace: ${namespace}`} }\n`;

/** Puts a program into the path that prints how it was called, and an object. */
function install(name: string, object = configMap("shop"), script = ""): void {
  const lines = ["#!/bin/sh", script, 'echo "# $*"', `echo '${object}'`];
  writeFileSync(join(root, "bin", name), lines.join("\n"));
  chmodSync(join(root, "bin", name), 0o755);
}

const read = (...workloads: Parameters<typeof applicationObjects>[0]["workloads"]) =>
  applicationObjects({ workloads }, root);

describe("what an application consists of", () => {
  test("are typed objects and manifests, each as it is", () => {
    writeFileSync(join(root, "a.yaml"), configMap());
    const typed = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "t", namespace: "shop" } } as const;
    const { workloads, manifests } = read(typed, { manifests: "a.yaml", namespace: "shop" });
    expect(workloads).toEqual([typed]);
    expect(manifests).toMatchObject([{ kind: "ConfigMap", metadata: { name: "c", namespace: "shop" } }]);
  });

  test("may be what a chart renders, with values as they are written", () => {
    const script =
      'case "$*" in *"template chart "*"--namespace shop --no-hooks"*"--kube-version 1.34 --api-versions a.example/v1 --values "*v.yaml*"--set-json image.tag=\\"1,2\\" --set replicas=2"*) ;; *) echo "called with $*" >&2; exit 3;; esac';
    install("helm", configMap("shop"), script);
    const values = { "image.tag": "1,2", replicas: 2 };
    const told = { kubernetesVersion: "1.34", apiVersions: ["a.example/v1"] };
    const { manifests } = read({ chart: "chart", namespace: "shop", valueFiles: ["v.yaml"], values, ...told });
    expect(manifests).toHaveLength(1);
    expect(() => read({ chart: "chart", namespace: "other" })).toThrow(
      /chart chart: `helm template` failed\.\ncalled with template chart chart/,
    );
  });

  test("may be what an overlay renders, by kubectl where there is no kustomize", () => {
    install("kubectl", configMap("kubectl"));
    expect(read({ kustomization: "chart" }).manifests[0]?.metadata.namespace).toBe("kubectl");
    install("kustomize", configMap("kustomize"));
    expect(read({ kustomization: "chart" }).manifests[0]?.metadata.namespace).toBe("kustomize");
  });

  test.each<[string, ManifestSource, RegExp]>([
    ["a chart without helm", { chart: "chart", namespace: "shop" }, /chart chart: helm is not installed.*https:/],
    [
      "an overlay without kustomize",
      { kustomization: "chart" },
      /kustomization chart: kustomize or kubectl is not installed/,
    ],
    [
      "a chart that is elsewhere",
      { chart: "https://charts.example/x", namespace: "shop" },
      /no such folder.*helm pull/,
    ],
    [
      "a chart's value whose path has a gap",
      { chart: "chart", namespace: "shop", values: { image: { "": { tag: "1" } } } },
      /values: image\. has an empty part/,
    ],
    [
      "a chart's value that is no number",
      { chart: "chart", namespace: "shop", values: { replicas: [1, NaN] } },
      /values: replicas\[1\] is NaN; write a finite number/,
    ],
    ["manifests that there are not", { manifests: "none" }, /manifests none: none cannot be read/],
    ["an empty folder", { manifests: "bin" }, /manifests bin: bin holds no/],
  ])("is refused: %s", (_, source, message) => {
    expect(() => read(source)).toThrow(message);
  });

  test("is refused where it is no manifest, or names no namespace, with its place", () => {
    writeFileSync(join(root, "a.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: [ }\n");
    expect(() => read({ manifests: "a.yaml" })).toThrow(/a\.yaml:3:/);
    writeFileSync(join(root, "a.yaml"), configMap());
    expect(() => read({ manifests: "a.yaml" })).toThrow(
      /the ConfigMap c is in the namespace default.*namespace: "shop"/,
    );
  });
});

describe("images of a preview", () => {
  const till = { repository: "registry.example/shop/till", build: { context: "apps/till" } };
  const application = { images: { cart: "registry.example/shop/cart", till } };

  test("take the place of the application's, whether that says how they are built or not", () => {
    expect(
      imagesInPlace(application, { cart: "registry.example/pr/cart:1", till: "registry.example/pr/till:1" }),
    ).toEqual({
      "registry.example/shop/cart": "registry.example/pr/cart:1",
      "registry.example/shop/till": "registry.example/pr/till:1",
    });
  });

  test("are refused where the application has none of this name", () => {
    expect(() => imagesInPlace(application, { card: "a:1" })).toThrow(/--image card: .*did you mean cart\?/);
    expect(() => imagesInPlace({}, { constructor: "a:1" })).toThrow(/it has none/);
  });
});
