import { describe, expect, it } from "vitest";
import { type CountedCall } from "../../../sandbox/data-plane/runner";
import {
  configurationChanges,
  countsBetween,
  difference,
  pairs,
  refusedConfigurations,
  serves,
  statisticsPattern,
} from "../../../sandbox/traffic/counts";
import { type Pod, type Split } from "../../../sandbox/traffic/objects";
import { reportPair } from "../../../sandbox/traffic/report";

const pod = (namespace: string, account: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: account, namespace, uid: account },
  spec: { serviceAccountName: account, containers: [] },
});
const split: Split = { service: "store/store", backends: ["store/v1", "store/v2"] };
const call = (to: string, ends: Record<string, number>, protocol: "http" | "tcp" = "http"): CountedCall => ({
  protocol,
  to: `${to}.svc.cluster.local:80`,
  ends,
});
const allowed = (backends: Record<string, number>) => ({ outcome: "allowed", status: 200, backends, because: [] });

describe("counts", () => {
  it("grow from one look to the next; a pod that began anew starts at nothing", () => {
    expect(difference({ a: 3, b: 5, c: 9 }, { a: 10, b: 5, c: 2 })).toEqual({ a: 7, c: 2 });
    const at = (value: number) => ({ at: 0, pods: { x: { envoy: { a: value } } }, outside: {}, across: {} });
    expect(countsBetween({ at: 0, pods: {}, outside: {}, across: {} }, at(4))["x"]?.envoy).toEqual({ a: 4 });
    expect(countsBetween(at(1), at(4))["x"]?.envoy).toEqual({ a: 3 });
  });

  it("ask Envoy for what they read, and for little else", () => {
    const pattern = new RegExp(statisticsPattern);
    expect("cluster.store/v1|80.upstream_rq_200").toMatch(pattern);
    expect("listener.0.0.0.0_15003.no_filter_chain_match").toMatch(pattern);
    expect("cluster.store/v1|80.external.upstream_rq_2xx").not.toMatch(pattern);
  });
});

it("a sidecar serves once its workers have started", () => {
  const name = "listener_manager.workers_started";
  expect(name).toMatch(new RegExp(statisticsPattern));
  expect(serves({ envoy: { [name]: 1 } })).toBe(true);
  expect([serves({ envoy: { [name]: 0 } }), serves({ envoy: {} }), serves({}), serves(undefined)]).not.toContain(true);
});

it("a sidecar's configuration changes with its clusters and listeners, and with nothing that calls count", () => {
  const before = {
    "cluster_manager.cluster_added": 9,
    "listener_manager.listener_modified": 1,
    "cluster_manager.warming_clusters": 0,
  };
  for (const name of Object.keys(before)) expect(name).toMatch(new RegExp(statisticsPattern));
  const calls = { "cluster.store/v1|80.upstream_rq_200": 5, "listener_manager.workers_started": 1 };
  expect(configurationChanges({ envoy: { ...before, ...calls } })).toBe(configurationChanges({ envoy: before }));
  for (const name of Object.keys(before)) {
    expect(configurationChanges({ envoy: { ...before, [name]: 20 } })).not.toBe(
      configurationChanges({ envoy: before }),
    );
  }
});

describe("a sidecar's refusals", () => {
  it("are counted, of listeners and of clusters", () => {
    const envoy = {
      "listener_manager.lds.update_rejected": 2,
      "cluster_manager.cds.update_rejected": 1,
      "cluster.store/v1|80.upstream_rq_200": 9,
    };
    for (const name of Object.keys(envoy)) expect(name).toMatch(new RegExp(statisticsPattern));
    expect(refusedConfigurations({ envoy })).toBe(3);
    expect(refusedConfigurations({})).toBe(0);
  });
});

describe("pairs", () => {
  it("take status and backend of a split's calls from the caller's sidecar, not from the caller", () => {
    const envoy = { "cluster.store/v1|80.upstream_rq_200": 48, "cluster.store/v2|80.upstream_rq_200": 52 };
    const [pair] = pairs(
      { buyer: { envoy, calls: [call("store.store", { "200": 7 })] } },
      [pod("b", "buyer")],
      [split],
    );
    expect(pair).toMatchObject({
      caller: "b/buyer",
      service: "store/store",
      port: 80,
      ends: { "200": 100 },
      backends: { "store/v1": 48, "store/v2": 52 },
    });
  });

  it("count what the sidecar itself answers, and what never reaches it", () => {
    const envoy = {
      "cluster.store/v1|80.upstream_rq_404": 10,
      "http.mesh-http-conn-manager.rds-outbound.80.downstream_rq_4xx": 15,
    };
    const calls = [call("store.store", { "404": 15, refused: 3 })];
    const [pair] = pairs({ buyer: { envoy, calls } }, [pod("b", "buyer")], [split]);
    expect(pair?.ends).toEqual({ "404": 15, refused: 3 });
    expect(pair?.backends).toEqual({});
  });

  it("read the same from Istio's sidecars", () => {
    const cluster = (service: string, statistic: string) =>
      `cluster.outbound|80||${service}.svc.cluster.local;.upstream_${statistic}`;
    const envoy = {
      [cluster("v1.store", "rq_200")]: 30,
      [cluster("v2.store", "rq_200")]: 10,
      [cluster("v2.store", "rq_403")]: 5,
      [cluster("v2.other", "rq_200")]: 7,
      "http.outbound_0.0.0.0_80;.downstream_rq_4xx": 8,
    };
    for (const name of Object.keys(envoy)) expect(name).toMatch(new RegExp(statisticsPattern));
    const calls = [call("store.store", { "200": 40, "403": 5, "404": 3 })];
    const [pair] = pairs({ buyer: { envoy, calls } }, [pod("b", "buyer")], [split]);
    expect(pair?.ends).toEqual({ "200": 40, "403": 5, "404": 3 });
    expect(pair?.backends).toEqual({ "store/v1": 30, "store/v2": 10 });
  });

  it("know pods of a headless Service, and leave other Services and ports alone", () => {
    const envoy = {
      "cluster.store/mysql-0.mysql|80.upstream_cx_total": 9,
      "cluster.store/mysql-0.mysql|81.upstream_cx_total": 5,
      "cluster.store/other|80.upstream_cx_total": 4,
    };
    const calls = [call("mysql.store", { answered: 8, reset: 1 }, "tcp")];
    const [pair] = pairs({ store: { envoy, calls } }, [pod("store", "store")], []);
    expect(pair?.ends).toEqual({ connected: 8, reset: 1 });
    expect(pair?.backends).toEqual({ "store/mysql-0.mysql": 9 });
  });
});

describe("a pair's report", () => {
  const of = (v1: number, v2: number) =>
    pairs(
      {
        buyer: {
          envoy: { "cluster.store/v1|80.upstream_rq_200": v1, "cluster.store/v2|80.upstream_rq_200": v2 },
          calls: [call("store.store", { "200": v1 + v2 })],
        },
      },
      [pod("b", "buyer")],
      [split],
    ).map((pair) => reportPair(pair, [allowed({ "store/v1": 0.5, "store/v2": 0.5 })], 10))[0];

  it("agrees as long as chance explains the shares", () => {
    expect(of(110, 90)).toMatchObject({ agrees: true, callsPerSecond: 20 });
    expect(of(150, 50)).toMatchObject({ agrees: false });
  });

  it("disagrees with a call that ends as its kind may not, even where another kind may", () => {
    const calls = [
      { ...call("store.store", { "200": 10 }), path: "/denied" },
      { ...call("store.store", { "403": 10 }), path: "/open" },
    ];
    const envoy = { "cluster.store/v1|80.upstream_rq_200": 10, "cluster.store/v1|80.upstream_rq_403": 10 };
    const denied = { outcome: "denied", status: 403, backends: {}, because: [] };
    const verdicts = [denied, allowed({ "store/v1": 1 })];
    const [pair] = pairs({ buyer: { envoy, calls } }, [pod("b", "buyer")], [split]);
    expect(pair && reportPair(pair, verdicts, 1)).toMatchObject({ agrees: false, expected: ["403", "200"] });
    expect(pair && reportPair(pair, [...verdicts].reverse(), 1)).toMatchObject({ agrees: true });
  });
});
