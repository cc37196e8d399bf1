import * as pulumi from "@pulumi/pulumi";
import { type WorkloadObject } from "../../../../components/application";
import { type MeshName } from "../../../../mesh";
import { type ManifestSource } from "../../../../program/application";
import { type StackDefinition } from "../../../../program/definition";
import { bookstore } from "../../../../stacks/bookstore";
import { dev } from "../../../../stacks/dev";
import { oneStack } from "../one-stack";

const config = new pulumi.Config();
const mesh = config.require("mesh") === "istio" ? "istio" : "osm";
const failPercent = config.requireNumber("failPercent");

/** The second version with what it was told. */
function told(object: WorkloadObject | ManifestSource): WorkloadObject | ManifestSource {
  if (!("kind" in object) || object.kind !== "Deployment") return object;
  const text = JSON.stringify(object);
  const identity = '{"name":"IDENTITY","value":"bookstore-v2"}';
  const setting = `{"name":"FAIL_PERCENT","value":"${String(failPercent)}"}`;
  return JSON.parse(text.replace(identity, `${identity},${setting}`)) as WorkloadObject;
}

const group = config.get("group") ?? "";
const byHeader = { steps: [0, 100], match: [{ headers: { "x-group": { exact: group } } }] };
const sample = bookstore({
  canary: { steps: [25, 100], pause: "0s", gate: { minRequests: 50 }, ...(group !== "" && byHeader) },
  bookthief: "denied",
});
const perHour = config.requireNumber("perHour");
const bucket = { unit: "hour", burst: 5 } as const;
const limits = [
  { service: "bookstore-v1", rate: { local: { http: { requests: perHour, ...bucket } } } },
  { service: "mysql", rate: { local: { tcp: { connections: perHour, ...bucket } } } },
];
const definition: StackDefinition = {
  ...dev,
  observability: { prometheus: "cluster" },
  application: (name: MeshName) => {
    const application = sample(name);
    const { policy = { services: {} }, workloads } = application;
    return {
      ...application,
      policy: { ...policy, limits: perHour === 0 ? [] : limits },
      workloads: workloads.map(told),
    };
  },
  istio: { allowEnvoyFilter: config.requireBoolean("allowEnvoyFilter") },
};

async function deploy() {
  const { application, cluster } = await oneStack({
    name: "rollout",
    definition,
    settings: { mesh, prometheus: config.get("prometheus") || undefined },
  });
  return { ...cluster, rollouts: application.rollouts };
}

export = deploy();
