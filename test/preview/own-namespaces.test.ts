import { describe, expect, it } from "vitest";
import { entriesForOthers, namespacesNotApart, outsideOwnNamespaces } from "../../preview/own-namespaces";
import { type EngineResource } from "../../preview/plan";
import { knownKinds } from "./known-kinds";

type Fields = Record<string, unknown>;

function resource(type: string, inputs: Fields = {}, custom = true): EngineResource {
  return { urn: `urn:pulumi:pr-1::aks-mesh::${type}::thing`, type, custom, inputs };
}

function object(apiVersion: string, kind: string, metadata: Fields, type?: string): EngineResource {
  const token = type ?? `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`;
  return resource(token, { apiVersion, kind, metadata });
}

const inside = { name: "x", namespace: "pr-1-shop" };
const rbac = "rbac.authorization.k8s.io/v1";

async function outside(...resources: readonly EngineResource[]): Promise<readonly string[]> {
  const versions = resources.map(({ inputs: { apiVersion } }) => String(apiVersion));
  return outsideOwnNamespaces({ pullRequest: 1, kinds: await knownKinds(versions) }, resources);
}

const namespace = (name: string, label: string | undefined = "1"): EngineResource =>
  object("v1", "Namespace", { name, labels: { "aks-mesh/preview": label } });

/** What keeps a namespace apart. */
const apart = (name: string): readonly EngineResource[] => [
  object("networking.k8s.io/v1", "NetworkPolicy", { name: "bounds", namespace: name }),
  object("v1", "ResourceQuota", { name: "bounds", namespace: name }),
  object("v1", "LimitRange", { name: "bounds", namespace: name }),
];

describe("a preview on the shared cluster", () => {
  it("tells nobody else's sidecars of hosts outside", () => {
    const entry = (fields: Fields) =>
      resource("kubernetes:networking.istio.io/v1:ServiceEntry", {
        ...{ apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", metadata: inside },
        spec: { hosts: ["login.example.com"], ...fields },
      });
    expect(entriesForOthers([entry({ exportTo: ["."] })])).toEqual([]);
    for (const fields of [{}, { exportTo: [] }, { exportTo: [".", "shop"] }, { exportTo: ["*"] }]) {
      expect(entriesForOthers([entry(fields)])).toEqual([
        'ServiceEntry pr-1-shop/x would tell the sidecars of everybody of its hosts: write exportTo: ["."].',
      ]);
    }
  });

  it("may have objects in its namespaces, and what Pulumi itself needs", async () => {
    const resources = [
      resource("pulumi:pulumi:Stack"),
      resource("pulumi:pulumi:StackReference"),
      resource("pulumi:providers:kubernetes"),
      resource("aks-mesh:index:Application", {}, false),
      namespace("pr-1-shop"),
      object("v1", "Service", inside),
      object("v1", "Secret", inside),
      object("apps/v1", "Deployment", inside),
      ...apart("pr-1-shop"),
    ];
    expect(await outside(...resources)).toEqual([]);
    expect(namespacesNotApart(1, resources)).toEqual([]);
  });

  it.each<[string, EngineResource, RegExp]>([
    ["a shared namespace", object("v1", "Service", { ...inside, namespace: "bookstore" }), /in namespace bookstore/],
    ["another preview's namespace", object("v1", "Service", { ...inside, namespace: "pr-2-shop" }), /pr-2-shop/],
    ["a namespace of a longer number", object("v1", "Service", { ...inside, namespace: "pr-11-shop" }), /pr-11-shop/],
    ["a namespace with its name within", object("v1", "Service", { ...inside, namespace: "x-pr-1-shop" }), /x-pr-1/],
    ["a secret elsewhere", object("v1", "Secret", { ...inside, namespace: "kube-system" }), /kube-system/],
    ["no namespace", object("v1", "Service", { name: "x" }), /in no namespace that is known/],
    ["a namespace that is not known yet", object("v1", "Service", { ...inside, namespace: {} }), /no namespace that/],
    ["a Namespace of another name", object("v1", "Namespace", { name: "bookstore" }), /in namespace bookstore/],
    [
      "a Namespace whose namespace is its own",
      object("v1", "Namespace", { ...inside, name: "prod" }),
      /namespace prod/,
    ],
    ["a right in the whole cluster", object(rbac, "ClusterRoleBinding", inside), /to the whole cluster/],
    ["a role in the whole cluster", object(rbac, "ClusterRole", inside), /to the whole cluster/],
    ["a volume of the cluster", object("v1", "PersistentVolume", inside), /to the whole cluster/],
    ["a list of objects", object("v1", "List", inside), /does not know/],
    ["a list of one kind", object("v1", "ConfigMapList", inside), /does not know/],
    ["a kind of an unknown group", object("evil.example/v1", "ConfigMap", inside), /does not know/],
    ["a kind of another group's name", object("example/v1", "ClusterRoleBinding", inside), /does not know/],
    [
      "a right under the type of a ConfigMap",
      object(rbac, "ClusterRoleBinding", inside, "kubernetes:core/v1:ConfigMap"),
      /another type than the object/,
    ],
    [
      "a patch of a namespace",
      object("v1", "Namespace", { name: "pr-1-shop" }, "kubernetes:core/v1:NamespacePatch"),
      /another type/,
    ],
    ["a chart", resource("kubernetes:helm.sh/v3:Release", { namespace: "pr-1-x" }), /no single object/],
    ["an Azure resource", resource("azure-native:resources:ResourceGroup"), /nothing that lives in a namespace/],
    ["code that runs at deployment", resource("pulumi-nodejs:dynamic:Resource"), /nothing that lives in a namespace/],
  ])("may not have %s", async (_, wrong, reason) => {
    expect(await outside(wrong)).toEqual([expect.stringMatching(reason)]);
  });

  it.each<[string, readonly EngineResource[], RegExp]>([
    ["with another preview's label", [namespace("pr-1-shop", "2"), ...apart("pr-1-shop")], /have the label/],
    ["with a label that is no number", [namespace("pr-1-shop", "x"), ...apart("pr-1-shop")], /have the label/],
    ["without the label", [object("v1", "Namespace", { name: "pr-1-shop" }), ...apart("pr-1-shop")], /have the label/],
    ["without a network policy", [namespace("pr-1-shop"), ...apart("pr-1-shop").slice(1)], /no NetworkPolicy named/],
    ["with nothing that keeps it apart", [namespace("pr-1-shop")], /no NetworkPolicy, ResourceQuota, LimitRange/],
    ["that another run left", [object("v1", "ConfigMap", inside)], /pr-1-shop would be used, and not made/],
  ])("may not have a namespace %s", (_, resources, reason) => {
    expect(namespacesNotApart(1, resources)).toEqual([expect.stringMatching(reason)]);
  });
});
