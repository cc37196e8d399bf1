import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Application, type ApplicationArgs, type WorkloadObject } from "../../../components/application";
import { Flagger } from "../../../components/flagger";
import { type KubernetesObject } from "../../../mesh/manifests";
import { canaryBookstore } from "../../sandbox/canary-bookstore";
import { allRegistered, recordRegistrations, type Registration, valueOf } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const prometheus = "http://prometheus.mesh-monitoring.svc.cluster.local:9090";
const sample = canaryBookstore({ analysis: { interval: "1m", threshold: 2, stepWeights: [25, 50] } });
const canary = {
  ...{ namespace: "bookstore", service: "bookstore" },
  analysis: { interval: "1m", threshold: 2, stepWeights: [25, 50] },
  metrics: [{ name: "percent of requests that failed", query: "1", max: 1 }],
};

function args(changes: Partial<ApplicationArgs> = {}, mesh: "osm" | "istio" = "osm"): ApplicationArgs {
  return {
    policy: sample.policy,
    workloads: sample.workloads.filter((one) => "kind" in one),
    canaries: [canary],
    ...(mesh === "istio" && { istio: { revision: "asm-1-30" } }),
    ...changes,
  };
}

function deployed(own: ApplicationArgs): Application {
  const mesh = own.istio === undefined ? "osm" : "istio";
  return new Application("b", own, { flagger: new Flagger("flagger", { mesh, prometheus }) });
}

const ofKind = (kind: string): readonly Registration[] => registrations.filter(({ type }) => type.endsWith(`:${kind}`));
const named = (kind: string, name: string): Registration =>
  ofKind(kind).find(({ inputs }) => (inputs["metadata"] as { name?: string }).name === name) ??
  expect.fail(`no ${kind} ${name}`);

/** The workloads, of which one is changed as text. */
function changed(kind: string, name: string, change: (text: string) => string): WorkloadObject[] {
  return sample.workloads
    .filter((one) => "kind" in one)
    .map((one) => {
      const { name: own } = one.metadata as { name: string };
      return one.kind === kind && own === name ? (JSON.parse(change(JSON.stringify(one))) as WorkloadObject) : one;
    });
}

describe("an application with a canary of Flagger's", () => {
  test("tells Flagger of it, with the queries, and makes no split itself", async () => {
    const { access } = deployed(args());
    const matrix = await valueOf(access);
    await allRegistered();
    expect(named("Canary", "bookstore").inputs).toMatchObject({
      apiVersion: "flagger.app/v1beta1",
      metadata: { namespace: "bookstore" },
      spec: {
        provider: "osm",
        targetRef: { kind: "Deployment", name: "bookstore" },
        revertOnDeletion: true,
        service: { name: "bookstore", port: 14001, targetPort: 14001, portName: "http-14001", appProtocol: "http" },
        analysis: {
          ...canary.analysis,
          metrics: [
            {
              templateRef: { name: "bookstore-0", namespace: "bookstore" },
              thresholdRange: { max: 1 },
              interval: "1m",
            },
          ],
        },
      },
    });
    expect(named("MetricTemplate", "bookstore-0").inputs).toMatchObject({
      metadata: { namespace: "bookstore" },
      spec: { provider: { type: "prometheus", address: prometheus }, query: "1" },
    });
    expect(ofKind("TrafficSplit")).toEqual([]);
    expect(ofKind("Service").map(({ inputs }) => (inputs["metadata"] as { name: string }).name)).not.toContain(
      "bookstore-primary",
    );
    expect(matrix).toMatchObject({
      "bookbuyer/bookbuyer → bookstore/bookstore:14001": { "GET .*": "bookstore-primary" },
      "bookbuyer/bookbuyer → bookstore/bookstore-primary:14001": { "GET .*": "allowed" },
      "bookbuyer/bookbuyer → bookstore/bookstore-canary:14001": { "GET .*": "allowed" },
    });
  });

  test("makes none of Istio either, and routes as Flagger does", async () => {
    const { access } = deployed(args({}, "istio"));
    const matrix = await valueOf(access);
    await allRegistered();
    expect(named("Canary", "bookstore").inputs).toMatchObject({ spec: { provider: "istio" } });
    expect(
      ofKind("VirtualService").filter(({ inputs }) => (inputs["metadata"] as { name: string }).name === "bookstore"),
    ).toEqual([]);
    expect(JSON.stringify(ofKind("AuthorizationPolicy").map(({ inputs }) => inputs))).toContain("bookstore-primary");
    expect(matrix).toMatchObject({
      "bookbuyer/bookbuyer → bookstore/bookstore:14001": { GET: "bookstore-primary" },
      "bookbuyer/bookbuyer → bookstore/bookstore-canary:14001": { GET: "allowed" },
    });
  });

  test("lets Flagger into its namespace, and into no other", async () => {
    deployed(args());
    await allRegistered();
    expect(ofKind("RoleBinding").map(({ inputs }) => inputs)).toMatchObject([
      {
        metadata: { namespace: "bookstore" },
        roleRef: { name: "flagger-canaries" },
        subjects: [{ kind: "ServiceAccount", name: "flagger", namespace: "flagger-system" }],
      },
    ]);
  });

  test("has what is Flagger's stay until Flagger has put things back", async () => {
    deployed(args());
    await allRegistered();
    expect(named("Canary", "bookstore").inputs).toMatchObject({
      metadata: { annotations: { "pulumi.com/deletionPropagationPolicy": "background" } },
    });
  });

  test.each(["osm", "istio"] as const)("lets Flagger give it back on %s: only its Canary goes", async (mesh) => {
    const said = vi.spyOn(pulumi.log, "info").mockResolvedValue();
    const ofPolicies = (): string =>
      JSON.stringify(
        registrations.flatMap(({ type, inputs }) => (/AuthorizationPolicy|TrafficTarget/.test(type) ? [inputs] : [])),
      );
    deployed(args({}, mesh));
    await allRegistered();
    const watched = ofPolicies();
    expect(watched).toContain(mesh === "istio" ? "bookstore-primary" : "TrafficTarget");
    registrations.length = 0;
    deployed(args({ canaries: [{ ...canary, leaving: true }] }, mesh));
    await allRegistered();
    expect(ofPolicies()).toBe(watched);
    expect(ofKind("Canary")).toEqual([]);
    expect(ofKind("MetricTemplate")).toEqual([]);
    expect(ofKind("RoleBinding")).toHaveLength(1);
    expect(named("Deployment", "bookstore").inputs).toMatchObject({
      metadata: { annotations: { "pulumi.com/skipAwait": "true" } },
    });
    expect(said.mock.calls.join()).toContain(
      "canary of bookstore/bookstore: Flagger gives its calls to Deployment bookstore as it is declared, whether or not that version has proved itself; " +
        "take the entry out of canaries with the next run.",
    );
    said.mockRestore();
  });

  test("says what it leaves to Flagger", async () => {
    const said = vi.spyOn(pulumi.log, "info").mockResolvedValue();
    deployed(args());
    await allRegistered();
    expect(said.mock.calls.join()).toContain(
      "canary of bookstore/bookstore: Flagger has its weights, its selector and the number of pods of Deployment bookstore",
    );
    said.mockRestore();
    expect(named("Deployment", "bookstore").inputs).toMatchObject({
      metadata: { annotations: { "pulumi.com/skipAwait": "true" } },
    });
    expect(named("Deployment", "bookbuyer").inputs["metadata"]).not.toHaveProperty("annotations");
  });

  test("has its autoscaler look after both versions", async () => {
    const autoscaler: WorkloadObject = {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "more", namespace: "bookstore" },
      spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "bookstore" }, maxReplicas: 3 },
    };
    deployed(args({ workloads: [...(args().workloads ?? []), autoscaler] }));
    await allRegistered();
    expect(named("Canary", "bookstore").inputs).toMatchObject({
      spec: { autoscalerRef: { kind: "HorizontalPodAutoscaler", name: "more" } },
    });
  });
});

describe("the weights of a Service have one owner", () => {
  test("a rollout", () => {
    const rollout = { namespace: "bookstore", root: "bookbasket", stable: "bookstore", canary: "other", weight: 0 };
    expect(() => deployed(args({ rollouts: [rollout] }))).toThrow(
      "canaries[0]: the rollout of bookstore/bookbasket has bookstore, and the weights of bookstore/bookstore are Flagger's: one of the two has to go.",
    );
  });

  test("a split of the policy", () => {
    const { policy = { services: {} } } = sample;
    const split = { root: "bookstore", backends: { bookstore: 1 } };
    expect(() => deployed(args({ policy: { ...policy, splits: [split] } }))).toThrow(
      "canaries[0]: policy.splits has bookstore, and",
    );
  });

  test.each([
    ["split.smi-spec.io/v1alpha2", "TrafficSplit", { service: "bookstore", backends: [] }, "osm"],
    ["networking.istio.io/v1", "VirtualService", { hosts: ["bookstore"] }, "istio"],
    ["flagger.app/v1beta1", "Canary", { targetRef: { kind: "Deployment", name: "bookstore" } }, "osm"],
  ] as const)("an object of %s", (apiVersion, kind, spec, mesh) => {
    const manifest: KubernetesObject = Object.assign(
      { apiVersion, kind, metadata: { name: "bookstore", namespace: "bookstore" } },
      { spec },
    );
    expect(() => deployed(args({ manifests: [manifest] }, mesh))).toThrow(
      `canaries[0]: there is the ${kind} bookstore/bookstore, and`,
    );
  });

  test("whoever sets how many pods there are", () => {
    expect(() => deployed(args({ scaledElsewhere: ["bookstore/bookstore"] }))).toThrow(
      "canaries[0].deployment: others set how many pods bookstore/bookstore has",
    );
  });

  test("another canary", () => {
    expect(() => deployed(args({ canaries: [canary, canary] }))).toThrow(
      "canaries[1].service: canaries[0] is of bookstore/bookstore, too; keep one.",
    );
  });
});

describe("what cannot be meant is refused", () => {
  test("without a Flagger, and between two meshes", () => {
    expect(() => new Application("b", args())).toThrow("write the option flagger: new Flagger(…) too");
    expect(() => deployed(args({ migration: {} }))).toThrow("take them out until it has arrived");
  });

  test.each([
    [{ service: "bookstor" }, "canaries[0].service: the namespace has no Service bookstor; did you mean bookstore?"],
    [{ deployment: "shop" }, "canaries[0].deployment: the namespace has no Deployment shop; there are bookstore"],
  ])("%j", (changes, message) => {
    expect(() => deployed(args({ canaries: [{ ...canary, ...changes }] }))).toThrow(message);
  });

  const port = '{"name":"http-14001","port":14001,"targetPort":14001,"appProtocol":"http"}';
  test.each([
    ["Service", port, `${port},{"name":"http-2","port":2}`, "bookstore/bookstore has 2 ports, and Flagger keeps one"],
    ["Service", '"appProtocol":"http"', '"appProtocol":"tcp"', "its port speaks tcp"],
    ["Service", '"spec":{', '"spec":{"clusterIP":"None",', "bookstore/bookstore is headless"],
    [
      "Service",
      '"selector":{"app":"bookstore"}',
      '"selector":{"app":"bookstore","version":"v1"}',
      'write { "app": "bookstore" }',
    ],
    [
      "Deployment",
      '"matchLabels":{"app":"bookstore","version":"v1"}',
      '"matchLabels":{"version":"v1"}',
      "none of the labels by which Flagger tells pods: app, name, app.kubernetes.io/name; give it one",
    ],
  ])("a %s with %s as %s", (kind, from, to, message) => {
    const workloads = changed(kind, "bookstore", (text) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    });
    expect(() => deployed(args({ workloads }))).toThrow(message);
  });

  test("names that Flagger gives, and pods that its Services would lead to", () => {
    const workloads = args().workloads ?? [];
    const other = (kind: string, name: string, label: string): WorkloadObject[] =>
      changed(kind, "bookstore", (text) =>
        text.replace('"name":"bookstore"', `"name":"${name}"`).replaceAll('"app":"bookstore"', `"app":"${label}"`),
      ).filter((one) => (one.metadata as { name: string }).name === name);
    expect(() => deployed(args({ workloads: [...workloads, ...other("Service", "bookstore-canary", "x")] }))).toThrow(
      "canaries[0]: there is a Service bookstore/bookstore-canary, which Flagger makes",
    );
    expect(() => deployed(args({ workloads: [...workloads, ...other("Deployment", "old", "bookstore")] }))).toThrow(
      "canaries[0].deployment: the pods of Deployment bookstore/old have the label app: bookstore, too",
    );
  });

  test("a version that callers may not reach, though both have one account", () => {
    const closed: WorkloadObject = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "closed", namespace: "bookstore" },
      spec: { podSelector: { matchLabels: { app: "bookstore-primary" } }, policyTypes: ["Ingress"] },
    };
    expect(() => deployed(args({ workloads: [...(args().workloads ?? []), closed] }))).toThrow(
      /canaries: calls to bookstore\/bookstore do not end alike at bookstore-canary and at bookstore-primary.*\n- opens: bookbuyer/s,
    );
  });

  test("timeouts on Istio, which Flagger's route would not have", () => {
    const { policy = { services: {} } } = sample;
    const timeouts = [{ from: "bookbuyer", to: "bookstore", timeout: "2s" }];
    expect(() => deployed(args({ policy: { ...policy, timeouts } }, "istio"))).toThrow(
      "VirtualService bookstore/bookstore: the policy says retries, timeouts or headers of calls to it",
    );
  });
});
