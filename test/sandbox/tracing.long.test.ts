import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MeshName } from "../../mesh";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { type TracesReport } from "../../sandbox/traces/report";
import { closeTestSandbox, openTestSandbox } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { output, startTraffic } from "./traffic-process";

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox();
});
afterAll(() => closeTestSandbox(sandbox));

/** The sidecars through which a purchase goes, as they call themselves in spans. */
const names: Readonly<Record<MeshName, readonly RegExp[]>> = {
  osm: [/^bookbuyer\.bookbuyer$/, /^bookstore(-v2)?\.bookstore$/, /^bookwarehouse\.bookwarehouse$/],
  istio: [/^bookbuyer\.bookbuyer$/, /^bookstore(-v\d)?\.bookstore$/, /^bookwarehouse\.bookwarehouse$/],
};

describe.sequential.each(["osm", "istio"] as const)("tracing in %s", (mesh) => {
  it("shows one request on its way through three services, by spans of both sidecars of each call", async ({
    skip,
  }) => {
    const up = await operate(sandbox, "up", "dev", [], "capture", { mesh, tracing: "cluster" });
    expect(up.code, up.stdout + up.stderr).toBe(0);
    await needsPods({ skip });
    const { code, stdout, stderr } = await output(startTraffic(sandbox, ["--seconds", "10", "--json"]));
    expect(code, stderr).toBe(0);
    const { traces, problems } = JSON.parse(stdout) as { traces: TracesReport; problems: readonly string[] };
    expect(problems).toEqual([]);
    const [buyer, store, warehouse] = names[mesh].map((pattern): unknown => expect.stringMatching(pattern));
    expect(traces.longest).toEqual([
      expect.objectContaining({ depth: 0, service: buyer, side: "client", status: "200" }),
      expect.objectContaining({ depth: 1, service: store, side: "server", status: "200" }),
      expect.objectContaining({ depth: 2, service: store, side: "client", status: "200" }),
      expect.objectContaining({ depth: 3, service: warehouse, side: "server", status: "200" }),
    ]);
  });

  it("leaves nothing behind where the stack goes", async () => {
    const destroyed = await operate(sandbox, "destroy", "dev");
    expect(destroyed.code, destroyed.stdout + destroyed.stderr).toBe(0);
  });
});
