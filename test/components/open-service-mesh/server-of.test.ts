import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { serverOf } from "../../../components/open-service-mesh/server-of";

const kubeconfig = (current: string): string => `apiVersion: v1
kind: Config
current-context: ${current}
contexts:
  - { name: one, context: { cluster: first, user: u } }
  - { name: two, context: { cluster: second, user: u } }
  - { name: three, context: { cluster: third, user: u } }
clusters:
  - { name: first, cluster: { server: "https://first.example:443" } }
  - { name: second, cluster: { server: "https://second.example:6443" } }
users: [{ name: u, user: { token: t } }]
`;

/** What the client of Kubernetes says. */
function serverByClient(text: string): string | undefined {
  const config = new KubeConfig();
  config.loadFromString(text);
  return config.getCurrentCluster()?.server;
}

describe("the API server of a kubeconfig", () => {
  it.each([
    ["one", "https://first.example:443"],
    ["two", "https://second.example:6443"],
    ["three", undefined],
    ["none", undefined],
  ])("is that of its current context, as the client says: %s", (current, server) => {
    expect(serverOf(kubeconfig(current))).toBe(server);
    expect(serverByClient(kubeconfig(current))).toBe(server);
  });

  it.each(["04da6b54-80e4-46f7-96ec-b56ff0331ba9", "", "a: [", "[]", "contexts: 1"])(
    "is not known of what is no kubeconfig: %j",
    (text) => {
      expect(serverOf(text)).toBeUndefined();
    },
  );
});
