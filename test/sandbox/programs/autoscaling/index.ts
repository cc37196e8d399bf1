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
const buyers = config.requireNumber("buyers");
const sample = bookstore({ canary: { v1: 50, v2: 50 }, bookthief: "denied" });

/** The sample with so many pods that buy, which the Deployment that is scaled notes, so that a run with others changes it too. */
function withBuyers(object: WorkloadObject | ManifestSource): WorkloadObject | ManifestSource {
  if (!("kind" in object) || object.kind !== "Deployment") return object;
  const text = JSON.stringify(object);
  const changed = text.includes('"name":"bookbuyer"')
    ? text.replace('"replicas":1', `"replicas":${String(buyers)}`)
    : text.replace(
        '"metadata":{"name":"bookstore-v1"',
        `"metadata":{"annotations":{"buyers":"${String(buyers)}"},"name":"bookstore-v1"`,
      );
  return JSON.parse(changed) as WorkloadObject;
}

const definition: StackDefinition = {
  ...dev,
  observability: { prometheus: "cluster" },
  application: (name: MeshName) => {
    const application = sample(name);
    return {
      ...application,
      workloads: application.workloads.map(withBuyers),
      autoscaling: [{ service: "bookstore-v1", maxReplicas: 6, requestsPerSecond: 10 }],
    };
  },
};

async function deploy() {
  const { cluster } = await oneStack({ name: "autoscaling", definition, settings: { mesh } });
  return cluster;
}

export = deploy();
