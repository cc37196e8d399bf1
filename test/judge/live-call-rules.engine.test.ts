import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type DataPlane,
  dataPlaneProblem,
  type LiveRequest,
  type LiveVerdict,
  openDataPlane,
} from "../../judge/data-plane";
import { judgedMesh } from "../../judge/meshes";
import { compile, type MeshTarget } from "../../mesh";
import { assumedCluster, definePolicy, type Policy } from "../../mesh/policy";

/** What real Envoys make of retries, timeouts and limits of a policy. */
const dataPlanes = new Map<MeshTarget, DataPlane>();
let problem: string | undefined;

beforeAll(async () => {
  problem = await dataPlaneProblem();
  if (problem !== undefined) return;
  for (const mesh of ["osm", "istio"] as const) {
    const report = (message: string): void => void process.stderr.write(`${message}\n`);
    dataPlanes.set(mesh, await openDataPlane(report, judgedMesh(mesh).dataPlane));
  }
});

beforeEach(({ skip }) => {
  if (problem !== undefined) skip(problem);
});

afterAll(async () => {
  await Promise.all([...dataPlanes.values()].map((one) => one.close()));
});

const base = definePolicy({
  services: {
    front: { namespace: "web", serviceAccount: "front" },
    other: { namespace: "web", serviceAccount: "other" },
    cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, protocol: "http" }] },
    db: { namespace: "shop", serviceAccount: "db", ports: [{ port: 3306, protocol: "tcp" }] },
  },
  routes: { cart: { one: { methods: ["GET"], path: "/one" }, all: { methods: ["GET"], path: "/.*" } } },
  access: [
    { from: ["front", "other"], to: "cart", routes: ["cart/one", "cart/all"] },
    { from: "front", to: "db", tcp: [3306] },
  ],
});

/** Without any, all are in the mesh of Open Service Mesh. */
const namespaces = ["web", "shop"].map((name) => ({
  ...{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "istio.io/rev": "asm-1-30" } } },
}));

type Rules = Pick<Policy, "retries" | "timeouts" | "limits">;

async function play(
  mesh: MeshTarget,
  rules: Rules,
  requests: readonly LiveRequest[],
  edit: (text: string) => string = (text) => text,
): Promise<readonly LiveVerdict[]> {
  const policy: Policy = { ...base, ...rules };
  const text = JSON.stringify([
    ...compile(policy, mesh),
    ...assumedCluster(policy),
    ...(mesh === "istio" ? namespaces : []),
  ]);
  const objects = JSON.parse(edit(text)) as unknown[];
  const [answer] = (await dataPlanes.get(mesh)?.ask([{ objects, requests }])) ?? [];
  if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
  return answer.verdicts;
}

const get = (from: string, path: string, times?: number): LiveRequest => ({
  ...{ from, to: "cart.shop.svc.cluster.local:80", protocol: "http", path },
  ...(times !== undefined && { times }),
});

const counted = (verdicts: readonly LiveVerdict[]) =>
  verdicts.map(({ status, statuses = { [String(status)]: 1 }, arrived = 0 }) => ({ statuses, arrived }));

const retry = { retryOn: "5xx", perTryTimeout: "1m", numRetries: 3, retryBackoffBaseInterval: "5ms" };
const retries: Rules["retries"] = [{ from: "front", to: ["cart"], policy: retry }];

it.each(["osm", "istio"] as const)("on %s, retries of the one caller are made, and of no other", async (mesh) => {
  const requests = [get("web/front", "/status/503/a"), get("web/other", "/status/503/b")];
  expect(counted(await play(mesh, { retries }, requests))).toEqual([
    { statuses: { 503: 1 }, arrived: 4 },
    { statuses: { 503: 1 }, arrived: 1 },
  ]);
});

describe("on Open Service Mesh", () => {
  it("connections beyond the rate are closed, and may take others with them that wait beside them", async () => {
    const tcp = { connections: 2, unit: "hour", burst: 1 } as const;
    const call: LiveRequest = { from: "web/front", to: "db.shop.svc.cluster.local:3306", protocol: "tcp" };
    const limits: Rules["limits"] = [{ service: "db", rate: { local: { tcp } } }];
    const [sequence] = await play("osm", { limits }, [{ ...call, times: 7 }]);
    expect(sequence?.answered).toBe(3);
    const together = await play("osm", { limits }, [call, call, call, call, call, call, call]);
    expect(together.filter(({ outcome }) => outcome === "allowed").length).toBeLessThanOrEqual(3);
  });

  it("requests share their sidecar's connections, of which a rate of connections counts few", async () => {
    const tcp = { connections: 2, unit: "hour", burst: 1 } as const;
    const limits: Rules["limits"] = [{ service: "cart", rate: { local: { tcp } } }];
    expect(counted(await play("osm", { limits }, [get("web/front", "/a", 9)]))).toEqual([
      { statuses: { 200: 9 }, arrived: 9 },
    ]);
  });

  it("a rate of requests, and one of a route in its place, answers every further call with 429", async () => {
    const http = (requests: number) => ({ requests, unit: "hour" }) as const;
    const limits: Rules["limits"] = [
      { service: "cart", rate: { local: { http: http(2) } }, routes: [{ route: "cart/one", http: http(4) }] },
    ];
    expect(counted(await play("osm", { limits }, [get("web/front", "/one", 6), get("web/front", "/a", 6)]))).toEqual([
      { statuses: { 200: 4, 429: 2 }, arrived: 4 },
      { statuses: { 200: 2, 429: 4 }, arrived: 2 },
    ]);
  });

  it.each(["maxRequests", "maxPendingRequests"])("a circuit breaker of 0, %s, lets nothing pass", async (name) => {
    const limits: Rules["limits"] = [{ service: "cart", connections: { http: { [name]: 7 } } }];
    const zero = (text: string) => text.replace(`"${name}":7`, `"${name}":0`);
    expect(counted(await play("osm", { limits }, [get("web/front", "/", 4)], zero))).toEqual([
      { statuses: { 503: 4 }, arrived: 0 },
    ]);
  });

  it("the 503 of a full circuit breaker is not tried again by the sidecar that gives it", async () => {
    // A second try would come at a random time within the next hour.
    const slow: Rules["retries"] = [
      { from: "front", to: ["cart"], policy: { ...retry, retryBackoffBaseInterval: "1h", numRetries: 1 } },
    ];
    const limits: Rules["limits"] = [{ service: "cart", connections: { http: { maxRequests: 7 } } }];
    const zero = (text: string) => text.replace('"maxRequests":7', '"maxRequests":0');
    expect(counted(await play("osm", { limits, retries: slow }, [get("web/front", "/")], zero))).toEqual([
      { statuses: { 503: 1 }, arrived: 0 },
    ]);
  });

  it("maxRetries of 0 stops every retry", async () => {
    const limits: Rules["limits"] = [{ service: "cart", connections: { http: { maxRetries: 7 } } }];
    const zero = (text: string) => text.replace('"maxRetries":7', '"maxRetries":0');
    const requests = [get("web/front", "/status/503/a")];
    expect(counted(await play("osm", { limits, retries }, requests))).toEqual([{ statuses: { 503: 1 }, arrived: 4 }]);
    expect(counted(await play("osm", { limits, retries }, requests, zero))).toEqual([
      { statuses: { 503: 1 }, arrived: 1 },
    ]);
  });

  it("numRetries of 0 are none", async () => {
    const zero = (text: string) => text.replace('"numRetries":3', '"numRetries":0');
    const requests = [get("web/front", "/status/503/a")];
    expect(counted(await play("osm", { retries }, requests, zero))).toEqual([{ statuses: { 503: 1 }, arrived: 1 }]);
  });
});

describe("on Istio", () => {
  it("a timeout ends a request that is never answered with 504", async () => {
    const timeouts: Rules["timeouts"] = [{ from: "front", to: "cart", timeout: "200ms" }];
    expect(counted(await play("istio", { timeouts }, [get("web/front", "/never/a", 2)]))).toEqual([
      { statuses: { 504: 2 }, arrived: 2 },
    ]);
  });

  it("a pod that fails is left out, unless that were more of them than may be", async () => {
    const times = 200;
    const outliers = { consecutiveErrors: 1, interval: "1h", baseEjectionTime: "1h", maxEjectionPercent: 100 };
    const requests = [get("web/front", "/status/500/a", times)];
    const [failing] = counted(await play("istio", { limits: [{ service: "cart", outliers }] }, requests));
    expect(failing?.arrived).toBeLessThan(times);
    expect(failing?.statuses).toEqual({ 500: failing?.arrived, 503: times - (failing?.arrived ?? 0) });
    const few: Rules["limits"] = [{ service: "cart", outliers: { ...outliers, maxEjectionPercent: 99 } }];
    expect(counted(await play("istio", { limits: few }, requests))).toEqual([
      { statuses: { 500: times }, arrived: times },
    ]);
  });

  it("takes a circuit breaker of 0 for none", async () => {
    const limits: Rules["limits"] = [
      { service: "cart", connections: { tcp: { maxConnections: 7 }, http: { maxRequests: 7, maxPendingRequests: 7 } } },
    ];
    const zero = (text: string) => text.replace(/":7/g, '":0');
    expect(counted(await play("istio", { limits }, [get("web/front", "/", 4)], zero))).toEqual([
      { statuses: { 200: 4 }, arrived: 4 },
    ]);
  });
});
