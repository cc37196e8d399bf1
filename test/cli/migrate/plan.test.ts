import { describe, expect, it } from "vitest";
import { planBack, planForward, standing, type Target } from "../../../cli/migrate/plan";
import { podsWithout, workloadOf } from "../../../cli/migrate/pods";
import { back, firstStep, forward, gapOf } from "../../../cli/migrate/steps";
import { obstacleText, planJson, planText } from "../../../cli/migrate/text";
import { convertManifests } from "../../../mesh/convert";
import { type KubernetesObject, parseManifests } from "../../../mesh/manifests";

const namespace = (name: string) => `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: {openservicemesh.io/monitored-by: osm}, annotations: {openservicemesh.io/sidecar-injection: enabled}}
---`;

const pod = (name: string, owner: string) => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: shop
  labels: {app: cart, osm-proxy-uuid: b6a1, pod-template-hash: "77c"}
  ${owner}
spec: {serviceAccountName: cart, containers: [{name: cart}, {name: envoy}]}
status: {phase: Running, podIP: 10.244.0.5, conditions: [{type: Ready, status: "True"}]}
---`;

const owned = (kind: string, name: string) =>
  `ownerReferences: [{apiVersion: apps/v1, kind: ${kind}, name: ${name}, uid: u, controller: true}]`;

const controller = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: osm-controller, namespace: kube-system}
spec: {template: {metadata: {labels: {app: osm-controller}}, spec: {}}}
---`;

const shop = (path: string) => `${namespace("shop")}${namespace("web")}
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http-web, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: web}
spec: {template: {metadata: {labels: {app: front}}, spec: {serviceAccountName: front}}}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: routes, namespace: shop}
spec: {matches: [{name: items, pathRegex: "${path}", methods: [GET]}]}
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: front, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: cart, namespace: shop}
  sources: [{kind: ServiceAccount, name: front, namespace: web}]
  rules: [{kind: HTTPRouteGroup, name: routes, matches: [items]}]
---`;

function objectsOf(text: string): readonly KubernetesObject[] {
  const { objects, problems } = parseManifests([{ name: "test", text }]);
  expect(problems).toEqual([]);
  return objects;
}

/** What the conversion makes of manifests, as the program would. */
function targetFor(text: string): Target {
  return { objects: convertManifests(parseManifests([{ name: "test", text }])).objects };
}

const position = { mesh: undefined, meshMigration: undefined };
const program = new Set(["Namespace shop", "Namespace web", "Deployment shop/cart", "Deployment web/front"]);
const plain = { good: String, bad: String, warn: String, dim: String, bold: String };
const terminal = { out: () => undefined, err: () => undefined, paint: plain };

describe("the steps of a move", () => {
  it("say where access control ends and where it is there again", () => {
    const gap = gapOf(forward);
    expect([gap?.from.id, gap?.to.id]).toEqual(["osm-off", "policies"]);
    expect([gapOf(back)?.from.id, gapOf(back)?.to.id]).toEqual(["webhooks", "osm"]);
  });

  it("hand over what protects calls from one to the next", () => {
    for (const steps of [forward, back]) {
      for (const [index, step] of steps.entries()) {
        const before = steps[index - 1];
        if (before !== undefined && before.after !== "osm") expect(step.during, step.id).toBe(before.after);
      }
    }
  });

  it("are taken up where the settings say that one was begun", () => {
    const at = (meshMigration: string | undefined, osm: boolean) =>
      forward[firstStep(forward, { mesh: "istio", meshMigration }, osm)]?.id;
    expect(at("osm-off", false)).toBe("osm-off");
    expect(at("osm-off", true)).toBe("osm-off");
    expect(at("permissive", false)).toBe("permissive");
    expect(at("strict", false)).toBe("strict");
    expect(at(undefined, false)).toBe("policies");
    // Somebody wrote `mesh: istio` by hand.
    expect(at(undefined, true)).toBe("save");
  });

  it("go back from every step", () => {
    for (const meshMigration of ["osm-off", "permissive", "strict", undefined]) {
      const facts = {
        stack: "dev",
        position: { mesh: "istio", meshMigration },
        objects: [],
        owned: program,
        settled: true,
      };
      expect(planBack(facts)).toMatchObject({ first: 0, arrived: false });
    }
    const cutOff = { mesh: "osm", meshMigration: "istio-off" };
    expect(
      back[planBack({ stack: "dev", position: cutOff, objects: [], owned: program, settled: true }).first]?.id,
    ).toBe("istio-off");
  });
});

describe("the plan of a move", () => {
  const text = `${shop("/items/.*")}${controller}`;

  it("is proved equal by what the program will make", () => {
    const plan = planForward(
      { stack: "dev", position, objects: objectsOf(text), owned: program, settled: true },
      targetFor(text),
    );
    expect(plan.obstacles).toEqual([]);
    expect(plan.proof?.changes).toEqual([]);
    expect(plan).toMatchObject({ first: 0, arrived: false, namespaces: ["shop", "web"], others: [] });
    const shown = planText(plan, terminal);
    expect(shown).toMatch(/THE GAP: from step 2 to the end of step 7 there is no access control/);
    expect(shown).toMatch(/Proved: with the last step nothing has opened, closed or moved; equal for every request/);
    expect(shown).toMatch(/pulumi stack init dev-istio/);
    expect(planJson(plan, [])).toMatchObject({ gap: { from: "osm-off", to: "policies" }, obstacles: [] });
  });

  it("is refused where the program will let in something else, with a request that shows it", () => {
    const target = targetFor(`${shop("/items/new")}${controller}`);
    const plan = planForward(
      { stack: "dev", position, objects: objectsOf(text), owned: program, settled: true },
      target,
    );
    const [obstacle] = standing(plan, {});
    expect(obstacle?.option).toBe("accept-changes");
    expect(obstacle && obstacleText(obstacle)).toMatch(/not equal to what runs: .* or accept it: --accept-changes/);
    expect(planText(plan, terminal)).toMatch(/closes.*web\/front/);
    expect(standing(plan, { "accept-changes": true })).toEqual([]);
  });

  it("sees what is open where the program closes nothing", () => {
    const plan = planForward(
      { stack: "dev", position, objects: objectsOf(text), owned: program, settled: true },
      { objects: [] },
    );
    expect(plan.proof?.changes.map(({ kind }) => kind)).toContain("opens");
  });

  it("is refused where the program cannot say its policy on Istio, and nothing accepts that", () => {
    const refused = "policy: Istio cannot do exactly this";
    const plan = planForward(
      { stack: "dev", position, objects: objectsOf(text), owned: program, settled: true },
      { refused },
    );
    expect(standing(plan, { "accept-changes": true, "others-by-hand": true })).toEqual([{ text: refused }]);
  });

  it("names namespaces of the mesh that are not the program's", () => {
    const more = `${text}${namespace("legacy")}`;
    const plan = planForward(
      { stack: "dev", position, objects: objectsOf(more), owned: program, settled: true },
      targetFor(text),
    );
    expect(plan.others).toEqual(["legacy"]);
    expect(standing(plan, {}).map(({ option }) => option)).toContain("others-by-hand");
  });

  it("says who makes each pod anew", () => {
    const objects = objectsOf(
      [
        text,
        pod("cart-77c-x", owned("ReplicaSet", "cart-77c")),
        pod("cache-0", owned("StatefulSet", "cache")),
        pod("alone", ""),
        pod("job-1", owned("Job", "job")),
      ].join(""),
    );
    const plan = planForward({ stack: "dev", position, objects, owned: program, settled: true }, targetFor(text));
    expect(plan.pods.map(({ pod: name, workload, by }) => [name, workload, by])).toEqual([
      ["shop/cart-77c-x", "Deployment shop/cart", "program"],
      ["shop/cache-0", "StatefulSet shop/cache", "command"],
      ["shop/alone", undefined, "hand"],
      ["shop/job-1", undefined, "hand"],
    ]);
    expect(planText(plan, terminal)).toMatch(/To be deleted by hand.*: Pod shop\/alone, Pod shop\/job-1/);
  });

  it("has nothing to do where all pods have Istio's sidecar", () => {
    const facts = {
      stack: "dev",
      position: { mesh: "istio", meshMigration: undefined },
      owned: program,
      settled: true,
    };
    const objects = objectsOf(shop("/items/.*"));
    expect(planForward({ ...facts, objects }, undefined)).toMatchObject({ arrived: true, first: 7 });
    // The last step was cut off: nothing but the engine's history tells it.
    expect(planForward({ ...facts, objects, settled: false }, undefined)).toMatchObject({ arrived: false, first: 6 });
    const left = [...objects, ...objectsOf(pod("cart-77c-x", owned("ReplicaSet", "cart-77c")))];
    expect(planForward({ ...facts, objects: left }, undefined)).toMatchObject({ arrived: false, first: 6 });
  });
});

describe("a pod", () => {
  const running = (spec: object, extra: object = {}): KubernetesObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "shop", ...extra },
    ...{ spec, status: { phase: "Running" } },
  });

  it("has Istio's sidecar as a container or as a native one", () => {
    const native = running({ initContainers: [{ name: "istio-init" }, { name: "istio-proxy" }], containers: [] });
    const usual = running({ containers: [{ name: "cart" }, { name: "istio-proxy" }] });
    const bare = running({ containers: [{ name: "cart" }] });
    expect(podsWithout("istio", [native, usual, bare], ["shop"], new Set())).toMatchObject([{ sidecar: "none" }]);
  });

  it("needs none on the host's network, when it has ended, or when it does not want one", () => {
    const containers = [{ name: "cart" }];
    const pods = [
      running({ containers, hostNetwork: true }),
      { ...running({ containers }), status: { phase: "Succeeded" } },
      running({ containers }, { labels: { "sidecar.istio.io/inject": "false" } }),
      running({ containers }, { deletionTimestamp: "2026-11-28T00:00:00Z" }),
    ];
    expect(podsWithout("istio", pods, ["shop"], new Set())).toEqual([]);
  });

  it("keeps out of the mesh when it kept out of Open Service Mesh", () => {
    const said = { annotations: { "openservicemesh.io/sidecar-injection": "disabled" } };
    const pods = [running({ containers: [{ name: "cart" }] }, said)];
    expect(podsWithout("istio", pods, ["shop"], new Set())).toMatchObject([{ optsOut: true }]);
    expect(podsWithout("osm", pods, ["shop"], new Set())).toEqual([]);
  });

  it("is not taken for that of a Deployment by its ReplicaSet's name alone", () => {
    const controlled = { ownerReferences: [{ kind: "ReplicaSet", name: "cart-77c", controller: true }] };
    expect(workloadOf(running({}, { ...controlled, labels: { "pod-template-hash": "77c" } }))).toBe(
      "Deployment shop/cart",
    );
    expect(workloadOf(running({}, controlled))).toBeUndefined();
  });
});
