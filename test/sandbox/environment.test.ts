import { afterEach, expect, it, vi } from "vitest";
import { sandboxEnvironment } from "../../sandbox/engine";
import { sandboxPaths } from "../../sandbox/paths";

afterEach(() => vi.unstubAllEnvs());

it("has nothing of the person's own Azure, Pulumi and cluster, but the kubernetes provider's switches", () => {
  const own = {
    ...{ ARM_CLIENT_ID: "mine", AZURE_CONFIG_DIR: "mine", KUBECONFIG: "mine", AAD_LOGIN_METHOD: "mine" },
    ...{ PULUMI_ACCESS_TOKEN: "mine", PULUMI_STACK: "mine", PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" },
  };
  for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
  const credentials = { subscriptionId: "s", tenantId: "t", clientId: "c", clientSecret: "x" };
  const environment = sandboxEnvironment(
    sandboxPaths("/nowhere"),
    { binaries: "/tools", path: (name) => `/tools/${name}`, crds: "/crds", stages: "/stages", keda: "/keda" },
    { pid: 1, port: 2, credentials, control: async () => undefined },
  );
  expect(Object.entries(environment).filter(([, value]) => value === "mine")).toEqual([]);
  expect(environment).toMatchObject({
    ...{ ARM_CLIENT_ID: "c", PULUMI_HOME: "/nowhere/pulumi-home", PULUMI_IGNORE_AMBIENT_PLUGINS: "true" },
    PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true",
  });
});
