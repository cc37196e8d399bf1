import { afterAll, beforeAll, expect, it } from "vitest";
import { type DataPlane, dataPlaneProblem, openDataPlane } from "../../judge/data-plane";
import { judgedMesh } from "../../judge/meshes";
import { playLive, randomPolicies } from "../../judge/play";
import { roundTripLive } from "../../judge/round-trip-live";
import { decide } from "../../mesh";
import { convertManifests, migrated, proofOf } from "../../mesh/convert";
import { istioMesh } from "../../mesh/istio";
import { parseManifests } from "../../mesh/manifests";

/** Small runs of `tsx judge/live.ts --mesh istio`, and `istio-gateways`, and `tsx judge/round-trip.ts --live`, always the same. */
const requests = 80;
const seed = 320;
const roundTripSeed = 300;
const report = (message: string): void => void process.stderr.write(`${message}\n`);

const istio = judgedMesh("istio");
let dataPlane: DataPlane | undefined;
let problem: string | undefined;

beforeAll(async () => {
  problem = await dataPlaneProblem();
  if (problem === undefined) dataPlane = await openDataPlane(report, istio.dataPlane);
});

afterAll(async () => {
  await dataPlane?.close();
});

it.for([
  ["istio", "denied"],
  ["istio-gateways", "no-route"],
] as const)(
  "real Envoys with the configuration of %s do what our analysis and the judge say",
  async ([name, refusal], { skip }) => {
    if (problem !== undefined || dataPlane === undefined) return skip(problem);
    const mesh = judgedMesh(name);
    const judge = await mesh.open(report);
    try {
      const run = await playLive(mesh, judge, dataPlane, randomPolicies(mesh, seed), requests);
      expect({ seed, different: run.different }).toEqual({ seed, different: [] });
      expect(run.sent).toBeGreaterThanOrEqual(requests);
      expect([...run.outcomes.keys()]).toEqual(expect.arrayContaining(["allowed", refusal]));
    } finally {
      await judge.close();
    }
  },
);

it("what passes through OSM's sidecars passes through Istio's after a conversion, and nothing else", async ({
  skip,
}) => {
  if (problem !== undefined || dataPlane === undefined) return skip(problem);
  const osm = await openDataPlane(report, judgedMesh("osm").dataPlane);
  try {
    const { sent, passed, partings } = await roundTripLive({ osm, istio: dataPlane }, roundTripSeed, requests);
    expect({ roundTripSeed, partings }).toEqual({ roundTripSeed, partings: [] });
    expect(sent).toBeGreaterThanOrEqual(requests);
    expect(passed).toBeGreaterThan(0);
  } finally {
    await osm.close();
  }
});

const workload = (name: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {serviceAccountName: ${name}, containers: [{name: app, ports: [{containerPort: 8080}]}]}
---`;

const patterns = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {openservicemesh.io/monitored-by: osm}, annotations: {openservicemesh.io/sidecar-injection: enabled}}
---${["cart", "front", "thief"].map(workload).join("")}
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http-web, port: 80, targetPort: 8080}]}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: items, namespace: shop}
spec:
  matches:
    - {name: numbers, pathRegex: "/items/[0-9]+", methods: [GET]}
    - {name: agents, pathRegex: "/cart.*x[0-9]", methods: ["*"], headers: [{user-agent: "[a-z]+-client"}]}
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: cart, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: cart, namespace: shop}
  sources: [{kind: ServiceAccount, name: front, namespace: shop}]
  rules: [{kind: HTTPRouteGroup, name: items, matches: [numbers, agents]}]
`;

it("patterns that policies cannot say are held exactly by the EnvoyFilter, and all is closed without it", async ({
  skip,
}) => {
  if (problem !== undefined || dataPlane === undefined) return skip(problem);
  const manifests = parseManifests([{ name: "patterns.yaml", text: patterns }]);
  const conversion = convertManifests(manifests, { choices: new Map([["shop/cart", "exact"]]) });
  expect(proofOf(manifests, conversion)).toMatchObject({ changes: [], expected: [] });
  const agent = (name: string) => ({ headers: { "user-agent": name } });
  const sent = [
    { path: "/items/12" },
    { path: "/items/x" },
    { path: "/items/1/2" },
    { path: "/items/1", method: "POST" },
    { path: "/items/1?q=x" },
    { path: "/cart/ax1", method: "PUT", ...agent("go-client") },
    { path: "/cart/ax1", method: "PUT", ...agent("Go-client") },
    { path: "/cart/ax", ...agent("go-client") },
  ];
  const requests = ["front", "thief"].flatMap((from) =>
    sent.map((one) => ({
      ...{ from: `shop/${from}`, to: "cart.shop.svc.cluster.local:80", protocol: "http" as const, method: "GET" },
      ...one,
    })),
  );
  const passing = async (kinds: (kind: string) => boolean): Promise<readonly number[]> => {
    const written = conversion.objects.filter(({ kind }) => kinds(kind));
    const objects = migrated(manifests.objects, conversion.mesh, { ...conversion, objects: written }, "asm-1-30");
    const [answer] = (await dataPlane?.ask([{ objects, requests }])) ?? [];
    if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
    const mesh = istioMesh({ objects });
    const statuses = answer.verdicts.map(({ status }) => status);
    expect(requests.map((request) => decide(mesh, request).status)).toEqual(statuses);
    return statuses.flatMap((status, index) => (status === 200 ? [index] : []));
  };
  expect(await passing(() => true)).toEqual([0, 4, 5]);
  expect(await passing((kind) => kind !== "EnvoyFilter")).toEqual([]);
});
