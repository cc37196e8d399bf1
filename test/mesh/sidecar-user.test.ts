import { describe, expect, it } from "vitest";
import { type CallRequest, decide } from "../../mesh";
import { type Mesh } from "../../mesh/analysis/mesh";
import { istioMesh } from "../../mesh/istio";
import { type KubernetesObject } from "../../mesh/manifests";
import { osmMesh } from "../../mesh/osm";
import { meshConfig, meshNamespace, shop as ofIstio, strict } from "./istio/world";
import { routes, service, target, workload } from "./osm/world";

/** A Deployment of an account whose containers say whom they run as. */
function caller(name: string, containers: readonly object[], rest: object = {}): KubernetesObject {
  const template = { metadata: { labels: { app: name } }, spec: { serviceAccountName: name, containers, ...rest } };
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace: "shop" } },
    ...{ spec: { template } },
  };
}

const container = (name: string, securityContext?: object): object => ({ name, securityContext });

const meshes: Readonly<
  Record<string, { user: number; sidecar: string; of: (objects: readonly KubernetesObject[]) => Mesh; to: string }>
> = {
  osm: {
    user: 1500,
    sidecar: "envoy",
    of: (objects) =>
      osmMesh({
        objects: [
          ...[workload("cart", "shop", "cart"), service("cart", "shop")],
          routes("all", "shop", [{ name: "all", pathRegex: ".*", methods: ["*"] }]),
          target("cart", "shop/cart", ["shop/web"], [{ kind: "HTTPRouteGroup", name: "all", matches: ["all"] }]),
          ...objects,
        ],
      }),
    to: "cart.shop:14001",
  },
  istio: {
    user: 1337,
    sidecar: "istio-proxy",
    of: (objects) =>
      istioMesh({
        objects: [...ofIstio, strict, meshConfig("outboundTrafficPolicy: {mode: REGISTRY_ONLY}"), ...objects],
      }),
    to: "server.shop:80",
  },
};

describe.each(Object.entries(meshes))("a container that runs as %s's sidecar does", (_, { user, sidecar, of, to }) => {
  const call = { from: "shop/web", protocol: "http" } as const;
  /** How the caller's calls end, to a server of the mesh and to a host outside. */
  const ends = (...objects: readonly KubernetesObject[]): readonly string[] => {
    const mesh = of(objects);
    return [to, "api.example.org:80"].map((host) => decide(mesh, { ...call, to: host } satisfies CallRequest).outcome);
  };
  const rules = (...objects: readonly KubernetesObject[]): readonly string[] =>
    of(objects)
      .findings()
      .filter(({ rule }) => rule === "runs-as-sidecar")
      .map(({ severity, object, message, remedy }) => `${severity} ${String(object)}: ${message} ${remedy}`);

  it("calls in plain text, and leaves the cluster whatever the mesh lets out", () => {
    expect(ends(caller("web", [container("app", { runAsUser: 1000 })]))).not.toContain("varies");
    expect(ends(caller("web", [container("app")]))[0]).toBe("allowed");
    expect(ends(caller("web", [container("app")]))[1]).not.toBe("allowed");
    expect(ends(caller("web", [container("app", { runAsUser: user })]))).toEqual(["refused", "allowed"]);
    expect(ends(caller("web", [container("app")], { securityContext: { runAsUser: user } }))).toEqual([
      "refused",
      "allowed",
    ]);
    const { because } = decide(of([caller("web", [container("app", { runAsUser: user })])]), { ...call, to });
    expect(because.map(({ text }) => text).join()).toContain("the container app of shop/web runs as the sidecar does");
  });

  it("is told from the sidecar itself, from others of its pod, and from those that end before", () => {
    const own = container(sidecar, { runAsUser: user });
    const spec = { securityContext: { runAsUser: user } };
    expect(ends(caller("web", [container("app"), own]))).not.toContain("varies");
    expect(ends(caller("web", [container("app", { runAsUser: 1000 })], spec))).toEqual(ends(caller("web", [own])));
    expect(
      ends(caller("web", [container("app")], { initContainers: [container("first", { runAsUser: user })] })),
    ).toEqual(ends(caller("web", [own])));
    const beside = { initContainers: [{ name: "vault", restartPolicy: "Always", ...spec }] };
    expect(ends(caller("web", [container("app")], beside))).toEqual(["varies", "varies"]);
    expect(ends(caller("web", [container("app"), container("other", { runAsUser: user })]))).toEqual([
      "varies",
      "varies",
    ]);
  });

  it("is told as a finding, once for each workload", () => {
    expect(rules(caller("web", [container("app"), container(sidecar, { runAsUser: user })]))).toEqual([]);
    const [found, ...others] = rules(
      caller("web", [container("app", { runAsUser: user }), container("b", { runAsUser: user }), container("c")]),
    );
    expect(others).toEqual([]);
    expect(found).toMatch(
      new RegExp(
        `^warning Deployment shop/web: The containers app, b run as user (or group )?${String(user)}, which is the sidecar's: .* Write another runAsUser`,
      ),
    );
  });

  it("is in the relation and breaks what is promised of hosts outside", () => {
    const outside = (...objects: readonly KubernetesObject[]): readonly string[] =>
      of(objects)
        .access()
        .entries.filter(({ service: { service: key } }) => key === "")
        .flatMap(({ callers }) => callers);
    expect(outside(caller("web", [container("app")]))).not.toContain("shop/web");
    expect(outside(caller("web", [container("app", { runAsUser: user })]))).toContain("shop/web");
  });
});

it("Istio's rules ask for the group as well", () => {
  const objects = [
    ...[...ofIstio, strict],
    caller("web", [{ name: "app", securityContext: { runAsGroup: 1337, runAsUser: 1000 } }]),
  ];
  const call = { from: "shop/web", protocol: "http", to: "server.shop:80" } as const;
  expect(decide(istioMesh({ objects }), call).outcome).toBe("refused");
  // Without a sidecar there is nothing to pass by.
  const bare = [...objects.filter(({ kind }) => kind !== "Namespace"), meshNamespace("shop", {})];
  expect(
    istioMesh({ objects: bare })
      .findings()
      .map(({ rule }) => rule),
  ).not.toContain("runs-as-sidecar");
});
