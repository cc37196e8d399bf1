import { type KubernetesObject } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { leftObjects } from "../../preview/left-objects";
import { knownResources } from "./known-kinds";

interface Stored {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly label?: string;
}

/** What a cluster with these objects says is left of pull request 12. */
function left(objects: readonly Stored[], forbidden: readonly string[] = []): Promise<readonly string[]> {
  const look = {
    apiVersions: () => Promise.resolve(["v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1"]),
    resourcesOf: (apiVersion: string) => Promise.resolve(knownResources(apiVersion)),
    list: (_: string, kind: string, selector?: string) => {
      if (forbidden.includes(kind)) return Promise.resolve(undefined);
      const found = objects.filter(
        (one) => one.kind === kind && (selector === undefined || selector === `aks-mesh/preview=${one.label ?? ""}`),
      );
      return Promise.resolve(
        found.map(({ name, namespace, label }): KubernetesObject => {
          const labels: Record<string, string> = label === undefined ? {} : { "aks-mesh/preview": label };
          return { metadata: { name, labels, ...(namespace !== undefined && { namespace }) } };
        }),
      );
    },
  };
  return leftObjects(look, 12);
}

describe("what is left of a preview", () => {
  it.each<[string, Stored, string[]]>([
    ["its label", { kind: "ConfigMap", name: "x", namespace: "bookstore", label: "12" }, ["ConfigMap bookstore/x"]],
    ["its label in the whole cluster", { kind: "ClusterRole", name: "x", label: "12" }, ["ClusterRole x"]],
    ["its prefix in the whole cluster", { kind: "ClusterRole", name: "pr-12-x" }, ["ClusterRole pr-12-x"]],
    ["another preview's label", { kind: "ConfigMap", name: "x", namespace: "bookstore", label: "1" }, []],
    ["another preview's prefix", { kind: "ClusterRole", name: "pr-1-x" }, []],
    ["a longer number", { kind: "ClusterRole", name: "pr-123-x" }, []],
    ["its label in a preview's namespace", { kind: "ConfigMap", name: "x", namespace: "pr-12-shop", label: "12" }, []],
  ])("is found by %s", async (_, object, expected) => {
    expect(await left([object])).toEqual(expected);
  });

  it("is looked for among what one may list", async () => {
    const objects = ["ClusterRole", "ClusterRoleBinding"].map((kind) => ({ kind, name: "pr-12-x" }));
    expect(await left(objects, ["ClusterRole"])).toEqual(["ClusterRoleBinding pr-12-x"]);
  });
});
