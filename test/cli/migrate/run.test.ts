import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cluster } from "../../../cli/migrate/cluster";
import { planForward } from "../../../cli/migrate/plan";
import { osmWebhooks, walk, workloadPath } from "../../../cli/migrate/run";
import { type MigratedStack, StepFailed } from "../../../cli/migrate/stack";
import { type Position } from "../../../cli/migrate/steps";
import { type KubernetesObject } from "../../../mesh/manifests";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "aks-mesh-migrate-test-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const osmController: KubernetesObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "osm-controller", namespace: "kube-system" },
};

function podOf(name: string, workload: string | undefined, sidecar: "envoy" | "istio-proxy"): KubernetesObject {
  const [kind, owner] = workload?.split("/") ?? [];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      labels: sidecar === "envoy" ? { "osm-proxy-uuid": "b6a1" } : {},
      ...(kind !== undefined && { ownerReferences: [{ kind, name: owner, controller: true }] }),
    },
    ...{ spec: { containers: [{ name: "app" }, { name: sidecar }] }, status: { phase: "Running" } },
  };
}

/** A stack and its cluster that remember what was done to them. */
function world(objects: KubernetesObject[], failsAt?: string) {
  const done: string[] = [];
  let position: Position = { mesh: undefined, meshMigration: undefined };
  const stack: MigratedStack = {
    name: "dev",
    position: () => Promise.resolve(position),
    settled: () => Promise.resolve(false),
    owned: () => Promise.resolve(new Set(["Namespace shop"])),
    kubeconfig: () => Promise.resolve(undefined),
    target: () => Promise.resolve({ objects: [] }),
    set: (settings) => {
      position = settings;
      return Promise.resolve();
    },
    up: () => {
      const at = position.meshMigration ?? `at ${position.mesh ?? ""}`;
      done.push(`up ${at}`);
      return at === failsAt ? Promise.reject(new StepFailed("no quota")) : Promise.resolve();
    },
  };
  const cluster: Cluster = {
    objects: () => Promise.resolve(objects),
    list: () =>
      Promise.resolve([{ apiVersion: "v1", kind: "X", metadata: { name: "traffictargets.access.smi-spec.io" } }]),
    remove: (path) => {
      done.push(`remove ${path.split("/").at(-1) ?? ""}`);
      return Promise.resolve(true);
    },
    patch: (path) => {
      done.push(`restart ${path.split("/").at(-1) ?? ""}`);
      const at = objects.findIndex(({ metadata }) => metadata.name === "cache-0");
      objects[at] = podOf("cache-0", "StatefulSet/cache", "istio-proxy");
      return Promise.resolve();
    },
  };
  const begin = async (removeLeftovers = false) => {
    const said: string[] = [];
    const owned = await stack.owned();
    const plan = planForward(
      { stack: "dev", position, objects: done.length === 0 ? [osmController] : [], owned, settled: false },
      undefined,
    );
    const options = { folder, removeLeftovers, say: (line: string) => void said.push(line), pause: 1 };
    await walk(plan, stack, cluster, options);
    return said;
  };
  return { done, begin };
}

const whole = [
  ...["up osm-off", "remove aks-osm-webhook-osm", "remove aks-osm-validator-mesh-osm", "up permissive"],
  ...["up strict", "up at istio"],
];

describe("walking the steps", () => {
  it("goes in order, and leaves definitions alone unless it is asked", async () => {
    const { done, begin } = world([]);
    const said = await begin();
    expect(done).toEqual(whole);
    expect(said.join("\n")).toMatch(/\[2\/8\] Switch the Open Service Mesh add-on off … \(protected by nothing\)/);
    expect(said.join("\n")).toMatch(/\[8\/8\].*left as they are/);
    const other = world([]);
    await other.begin(true);
    expect(other.done).toEqual([
      ...whole,
      ...["remove traffictargets.access.smi-spec.io", "remove osm-ca-bundle", "remove preset-mesh-config"],
    ]);
  });

  it("goes on with the step that failed", async () => {
    const { done, begin } = world([], "permissive");
    await expect(begin()).rejects.toThrow(/no quota/);
    expect(done.at(-1)).toBe("up permissive");
    const before = done.length;
    await expect(begin()).rejects.toThrow(/no quota/);
    expect(done.slice(before)).toEqual(["up permissive"]);
  });

  it("restarts what the program did not make, once, before plain text is refused", async () => {
    const { done, begin } = world([podOf("cache-0", "StatefulSet/cache", "envoy")]);
    await begin();
    expect(done.filter((one) => one.startsWith("restart"))).toEqual(["restart cache"]);
    expect(done.indexOf("restart cache")).toBeLessThan(done.indexOf("up strict"));
  });

  it("stops before plain text is refused where a pod has to be deleted by hand", async () => {
    const { done, begin } = world([podOf("alone", undefined, "envoy")]);
    await expect(begin()).rejects.toThrow(/kubectl delete pod -n shop alone/);
    expect(done).not.toContain("up strict");
  });

  it("saves Open Service Mesh's objects so that they can be applied again", async () => {
    const target = {
      apiVersion: "access.smi-spec.io/v1alpha3",
      kind: "TrafficTarget",
      metadata: { name: "front", namespace: "shop", uid: "u", resourceVersion: "7" },
      ...{ spec: { sources: [] }, status: {} },
    };
    await world([target, osmController]).begin();
    const saved = readFileSync(join(folder, "osm-objects.yaml"), "utf8");
    expect(saved).toContain("kind: TrafficTarget");
    expect(saved).not.toMatch(/uid|resourceVersion|status|osm-controller/);
    expect(readFileSync(join(folder, "cluster.json"), "utf8")).toContain("osm-controller");
  });

  it("knows where things are in the API", () => {
    expect(workloadPath("StatefulSet shop/cache")).toBe("/apis/apps/v1/namespaces/shop/statefulsets/cache");
    expect(osmWebhooks.map((path) => path.split("/").at(-2))).toEqual([
      ...["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
    ]);
  });
});
