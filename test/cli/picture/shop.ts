import { type KubernetesObject } from "../../../mesh/manifests";
import { routes, service, target, workload } from "../../mesh/osm/world";

function namespace(name: string, inMesh: boolean): KubernetesObject {
  const labels = inMesh ? { "openservicemesh.io/monitored-by": "osm" } : {};
  const annotations = inMesh ? { "openservicemesh.io/sidecar-injection": "enabled" } : {};
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels, annotations } };
}

/** Lets the ingress controller's pods and an office into a service of the shop. */
const ingressBackend: KubernetesObject & Readonly<Record<string, unknown>> = {
  apiVersion: "policy.openservicemesh.io/v1alpha1",
  kind: "IngressBackend",
  metadata: { name: "front", namespace: "platform" },
  spec: {
    backends: [{ name: "service-0", port: { number: 14001, protocol: "http" } }],
    sources: [
      { kind: "Service", name: "controller", namespace: "ingress" },
      { kind: "IPRange", name: "203.0.113.0/24" },
    ],
  },
};

/** Numbers that look random and are always the same. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What a shop of services is made of. */
export interface Shop {
  readonly services: number;
  /** A seed of who calls whom. Default: 1. */
  readonly seed?: number;
}

/**
 * The objects of a shop as teams run one: namespaces with some services each that call each other, one that all of them call, a
 * thief who may do nothing, and an ingress controller without a sidecar.
 */
export function shopObjects({ services: count, seed = 1 }: Shop): readonly KubernetesObject[] {
  const random = randomOf(seed);
  const spaces = Math.max(2, Math.round(Math.sqrt(count) * 1.2));
  const names = Array.from({ length: count }, (_, index) => ({
    name: `service-${String(index)}`,
    space: index === 0 ? "platform" : `team-${String(index % (spaces - 1))}`,
  }));
  const objects = names.flatMap(({ name, space }) => [
    service(name, space),
    workload(name, space, name),
    routes(`${name}-routes`, space, [
      { name: "read", pathRegex: `/${name}/[^/]+`, methods: ["GET"] },
      { name: "write", pathRegex: `/${name}(/.*)?`, methods: ["POST", "PUT"], headers: [{ "x-team": "[a-z]+" }] },
    ]),
  ]);
  const targets = names.flatMap(({ name, space }, index) => {
    const others = names.slice(0, index);
    const near = others.filter((one) => one.space === space);
    const callers = new Set<string>();
    for (let calls = 1 + random(3); calls > 0; calls -= 1) {
      const among = random(10) < 7 && near.length > 0 ? near : others;
      const caller = among[random(among.length)];
      if (caller !== undefined) callers.add(`${caller.space}/${caller.name}`);
    }
    const rules = [
      { kind: "HTTPRouteGroup", name: `${name}-routes`, matches: random(2) === 0 ? ["read"] : ["read", "write"] },
    ];
    return callers.size === 0 ? [] : [target(name, `${space}/${name}`, [...callers], rules)];
  });
  const others = [...new Set(names.map(({ space }) => space)), "thieves"].map((name) => namespace(name, true));
  return [
    ...others,
    namespace("ingress", false),
    workload("thief", "thieves", "thief"),
    workload("controller", "ingress", "controller"),
    service("controller", "ingress"),
    ingressBackend,
    ...objects,
    ...targets,
  ];
}

/** The same after a change: the thief may call service-1, service-5 is gone, and there is a newcomer. */
export function widened(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const { namespace: space = "" } = objects.find(({ metadata }) => metadata.name === "service-1")?.metadata ?? {};
  const rules = [{ kind: "HTTPRouteGroup", name: "service-1-routes", matches: ["read"] }];
  return [
    ...objects.filter(({ metadata }) => !(metadata.name ?? "").startsWith("service-5")),
    target("thief", `${space}/service-1`, ["thieves/thief"], rules),
    workload("newcomer", "thieves", "newcomer"),
  ];
}
