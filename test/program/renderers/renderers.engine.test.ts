import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { describeObject } from "../../../mesh/manifests";
import { valueAt } from "../../../mesh/manifests/inside";
import { type ChartSource, type ManifestSource } from "../../../program/application";
import { applicationObjects } from "../../../program/application-objects";
import { ensureTools } from "../../../sandbox/tools";
import { ensureHelm, ensureKustomize } from "./install";

const folders = { helm: "", kustomize: "", kubectl: "" };
let repository: string;

beforeAll(async () => {
  const report = (message: string) => process.stderr.write(`${message}\n`);
  folders.kustomize = await ensureKustomize(report);
  folders.helm = await ensureHelm(report);
  const tools = await ensureTools(report);
  folders.kubectl = mkdtempSync(join(tmpdir(), "aks-mesh-kubectl-"));
  symlinkSync(tools.path("kubectl"), join(folders.kubectl, "kubectl"));
});
afterAll(() => {
  rmSync(folders.kubectl, { recursive: true });
});
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), "aks-mesh-repository-"));
  cpSync(join(__dirname, "sample"), repository, { recursive: true });
  vi.stubEnv("HOME", join(repository, "home"));
  vi.stubEnv("PATH", [folders.helm, folders.kustomize, "/usr/bin", "/bin"].join(delimiter));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(repository, { recursive: true });
});

const read = (source: ManifestSource) => applicationObjects({ workloads: [source] }, repository).manifests;
const shop: ChartSource = { chart: "shop", namespace: "shop", values: { currency: "EUR" } };

/** The values that the chart's templates see, without those of its subchart. */
function valuesSeen(source: ChartSource): unknown {
  const settings = read(source).find(({ metadata }) => metadata.name === "shop-settings");
  return JSON.parse(String(valueAt(settings, "data", "values")));
}

function write(file: string, text: string): void {
  mkdirSync(join(repository, file, ".."), { recursive: true });
  writeFileSync(join(repository, file), text);
}

describe("a chart that Helm renders", () => {
  test("gives its objects and those of the charts in it, each in its namespace, without hooks", () => {
    expect(read(shop).map(describeObject).sort()).toEqual([
      "ClusterRole shop-reads-nodes",
      "ConfigMap shop/shop-settings",
      "CustomResourceDefinition tills.shop.example",
      "Deployment shop/shop-cart",
      "Service shop-shared/shop-elsewhere",
      "Service shop/shop-cache",
      "Till shop",
    ]);
    const withoutCache = { ...shop, release: "till", values: { ...shop.values, "cache.enabled": false } };
    expect(read(withoutCache).map(({ metadata }) => metadata.name)).toEqual(
      expect.not.arrayContaining(["till-cache", "shop-cart"]),
    );
  });

  test("gets values as they are written, merged with those of files", () => {
    write("a.yaml", "image: { tag: a, pullPolicy: Never }\nhosts: [a.example]\n");
    write("b.yaml", "image: { tag: b }\n");
    const values = {
      currency: "EUR",
      "image.note": "a,b={c}\\d",
      hosts: ["shop.example", { name: "1", port: 1048576 }, []],
      nodeSelector: { "kubernetes.io/os": null, "agentpool,a=b[0]\\.c": "user" },
      limits: { bytes: 1048576, share: 1.5, text: "1.5", none: {}, "007": "007" },
      probe: false,
    };
    expect(valuesSeen({ ...shop, valueFiles: ["a.yaml", "b.yaml"], values })).toEqual({
      currency: "EUR",
      image: { repository: "registry.example/shop/cart", tag: "b", pullPolicy: "Never", note: "a,b={c}\\d" },
      hosts: ["shop.example", { name: "1", port: 1048576 }, []],
      nodeSelector: { "agentpool,a=b[0]\\.c": "user" },
      limits: { bytes: 1048576, share: 1.5, text: "1.5", none: {}, "007": "007" },
      probe: false,
    });
    const settings = read({ ...shop, values }).find(({ kind }) => kind === "ConfigMap");
    expect(valueAt(settings, "data", "printed")).toBe("1048576");
  });

  test("is told the cluster's version and kinds", () => {
    const told = { kubernetesVersion: "1.33", apiVersions: ["monitoring.example/v1"] };
    const settings = read({ ...shop, ...told }).find(({ kind }) => kind === "ConfigMap");
    expect(settings).toMatchObject({ data: { kubernetes: "v1.33", monitored: "true" } });
  });

  test.each<[string, () => ChartSource, RegExp]>([
    [
      "a value that it requires is missing",
      () => ({ ...shop, values: {} }),
      /configmap\.yaml:10.*Set currency, such as EUR\./,
    ],
    [
      "a template is broken",
      () => {
        write("shop/templates/broken.yaml", "a: {{ .Values.image.tag | nothing }}\n");
        return shop;
      },
      /templates\/broken\.yaml:1.*function "nothing" not defined/,
    ],
    [
      "what comes out is no YAML",
      () => {
        write("shop/templates/broken.yaml", "a: [{{ .Values.image.tag }}\n");
        return shop;
      },
      /templates\/broken\.yaml.*line \d/s,
    ],
    [
      "a chart that it needs is missing",
      () => {
        rmSync(join(repository, "shop/charts"), { recursive: true });
        return shop;
      },
      /dependencies.*missing.*cache/s,
    ],
    ["a file of values is missing", () => ({ ...shop, valueFiles: ["none.yaml"] }), /open none\.yaml: no such file/],
    ["a value's path is none", () => ({ ...shop, values: { currency: "EUR", "hosts[x]": "1" } }), /hosts/],
  ])("is refused with what Helm says where %s", (_, source, message) => {
    const chart = source();
    expect(() => read(chart)).toThrow(message);
    expect(() => read(chart)).toThrow(/^chart shop: `helm template` failed\.\n/);
    expect(() => read(chart)).not.toThrow(new RegExp(repository));
  });
});

describe("an overlay that Kustomize renders", () => {
  test.each([
    ["kustomize", () => folders.kustomize],
    ["kubectl", () => folders.kubectl],
  ])("by %s gives its objects as the overlay changes them", (_, folder) => {
    vi.stubEnv("PATH", [folder(), "/usr/bin", "/bin"].join(delimiter));
    const manifests = read({ kustomization: "overlay" });
    const settings = manifests.find(({ kind }) => kind === "ConfigMap")?.metadata.name;
    expect(settings).toMatch(/^dev-settings-\w{10}$/);
    expect(manifests.map(describeObject).sort()).toEqual([
      `ConfigMap shop/${settings}`,
      "Deployment shop/dev-cart",
      "Service shop/dev-cart",
    ]);
    expect(manifests.find(({ kind }) => kind === "Deployment")).toMatchObject({
      spec: {
        replicas: 3,
        template: {
          metadata: { annotations: { tracing: "on" } },
          spec: {
            containers: [{ image: "registry.example/dev/cart:2.0", envFrom: [{ configMapRef: { name: settings } }] }],
          },
        },
      },
    });
    expect(
      valueAt(
        manifests.find(({ kind }) => kind === "Service"),
        "spec",
        "ports",
        0,
        "port",
      ),
    ).toBe(8080);
    expect(() => read({ kustomization: "base" })).toThrow(/in the namespace default.*namespace: "shop"/);
    expect(read({ kustomization: "base", namespace: "shop" }).map(describeObject)).toContain("Service shop/cart");
  });

  test.each<[string, string, RegExp]>([
    ["a base is missing", "resources: [../none]", /none/],
    [
      "a file lies outside of it",
      "resources: [../base/cart.yaml]",
      /security; file 'base\/cart\.yaml' is not in or below 'x'/,
    ],
    [
      "a patch meets nothing",
      "resources: [../base]\npatches: [{ patch: '{ kind: Job, metadata: { name: a } }' }]",
      /Job/,
    ],
    ["a base is to be fetched with Git", "resources: ['https://git.example/a/b//c?ref=1']", /Nothing is fetched/],
    ["a file is to be fetched", "resources: ['https://files.example/a.yaml']", /Nothing is fetched/],
  ])("is refused with what Kustomize says where %s", (_, text, message) => {
    write("x/kustomization.yaml", text);
    for (const [program, folder] of [
      ["kustomize build", folders.kustomize],
      ["kubectl kustomize", folders.kubectl],
    ] as const) {
      vi.stubEnv("PATH", [folder, "/usr/bin", "/bin"].join(delimiter));
      expect(() => read({ kustomization: "x" })).toThrow(message);
      expect(() => read({ kustomization: "x" })).toThrow(new RegExp(`^kustomization x: \`${program}\` failed\\.`));
      expect(() => read({ kustomization: "x" })).not.toThrow(new RegExp(repository));
    }
  });
});

describe("what a renderer prints", () => {
  test.each([
    [
      "helm",
      ["template", "till", "shop", "--namespace", "shop", "--set", "currency=EUR"],
      ["--namespace", "shop"],
      "till-cache.shop:6379",
    ],
    ["kustomize", ["build", "overlay"], [], "dev-cart.shop:8080"],
  ])("is read by the command: %s", (renderer, args, options, service) => {
    const rendered = execFileSync(renderer, args, { cwd: repository });
    const command = [resolve(__dirname, "../../../cli/bin.js"), "access", "-", ...options];
    expect(execFileSync(process.execPath, command, { input: rendered, encoding: "utf8", stdio: "pipe" })).toContain(
      service,
    );
  });
});
