import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RequestAutoscaling } from "../../components/request-autoscaling";
import { kedaMetricsServer } from "../../sandbox/control-plane/keda";
import { type Sandbox } from "../../sandbox/sandbox";
import { type StackCluster, stackCluster } from "../../sandbox/traffic/cluster";
import { allRegistered, recordRegistrations } from "../components/registrations";
import { autoscalingProgram } from "./autoscaling";
import { closeTestSandbox, configure, openTestSandbox, preview, up } from "./in-sandbox";

const stack = "dev";
let sandbox: Sandbox;
let cluster: StackCluster;

beforeAll(async () => {
  sandbox = await openTestSandbox({ program: autoscalingProgram });
});
afterAll(async () => {
  cluster?.api.close();
  await closeTestSandbox(sandbox);
});

const deployments = "/apis/apps/v1/namespaces/kube-system/deployments";
const operator = `${deployments}/keda-operator`;

describe.sequential("a stack with autoscaling", () => {
  it("is made on a cluster that has what AKS has of KEDA", async () => {
    await up(sandbox, stack);
    cluster = await stackCluster(sandbox, stack);
    expect(await cluster.api.find(operator)).toBeDefined();
    expect(await cluster.api.find(`${deployments}/${kedaMetricsServer}`)).toBeDefined();
    expect(await preview(sandbox, stack)).toEqual([]);
  });

  it("has objects that KEDA's own definitions take as they are, those for Azure's Prometheus too", async () => {
    const registrations = await recordRegistrations();
    new RequestAutoscaling("scaling", {
      deployments: [
        { ...{ namespace: "bookstore", deployment: "copy", service: "copy" }, maxReplicas: 2, requestsPerSecond: 0.5 },
      ],
      ...{ prometheus: "https://prometheus.example", identityClientId: "11111111-2222-3333-4444-555555555555" },
    });
    await allRegistered();
    const made = registrations.filter(({ type }) => type.includes("keda"));
    expect(made.map(({ inputs }) => inputs["kind"])).toEqual(["TriggerAuthentication", "ScaledObject"]);
    const trial = (object: Readonly<Record<string, unknown>>): Promise<void> => {
      const plural = `${String(object["kind"]).toLowerCase()}s`;
      const path = `/apis/keda.sh/v1alpha1/namespaces/bookstore/${plural}`;
      return cluster.api.create(`${path}?dryRun=All&fieldValidation=Strict`, object);
    };
    for (const { inputs } of made) {
      await trial(inputs);
      await expect(trial({ ...inputs, spec: Object.assign({}, inputs["spec"], { stray: 1 }) })).rejects.toThrow(
        "spec.stray",
      );
    }
  });

  it("keeps the pods that somebody gave the Deployment", async () => {
    const path = "/apis/apps/v1/namespaces/bookstore/deployments/bookstore-v1";
    await cluster.api.mergePatch(path, { spec: { replicas: 3 } });
    await configure(sandbox, stack, { buyers: 2 });
    await up(sandbox, stack);
    expect(await cluster.api.get(path)).toMatchObject({
      metadata: { annotations: { buyers: "2" } },
      spec: { replicas: 3 },
    });
  });
});
