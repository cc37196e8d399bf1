import { type OsmMesh } from "../mesh";
import { fullName } from "../proxy/hostnames";
import { chainKind } from "../proxy/outbound";
import { isCaller, backendTargetPort, keyOf, type MeshService, splitHostName, type SplitPolicy } from "../state";
import { type CallRequest } from "../../request/request";
import { type Finding, finding, shownBy } from "../../analysis/finding";

/** TrafficSplits that break their root, or send calls where nobody answers. */
export function splitFindings(mesh: OsmMesh): readonly Finding[] {
  const { state, catalog } = mesh;
  const byRoot = new Map<string, SplitPolicy[]>();
  for (const split of state.splits) {
    const key = keyOf(split.namespace, splitHostName(split.service, state).service);
    byRoot.set(key, [...(byRoot.get(key) ?? []), split]);
  }
  return [...byRoot].flatMap(([key, splits]) => {
    const service = state.services.get(key);
    const roots = service === undefined ? [] : catalog.meshServicesOf(service);
    return splits.flatMap((split) => ofSplit(mesh, split, key, roots, splits, byRoot));
  });
}

function ofSplit(
  mesh: OsmMesh,
  split: SplitPolicy,
  key: string,
  roots: readonly MeshService[],
  onRoot: readonly SplitPolicy[],
  byRoot: ReadonlyMap<string, readonly SplitPolicy[]>,
): readonly Finding[] {
  const found: Finding[] = [];
  const report = (path: readonly (string | number)[], rest: Parameters<typeof finding>[3]): void => {
    found.push(finding(mesh, split, path, rest));
  };
  const { services } = mesh.state;
  // Of a namespace of which no object shows a Service nobody knows which there are.
  const shown = [...services.values()].some(({ namespace, assumed }) => namespace === split.namespace && !assumed);
  if (roots.length === 0) {
    if (shown)
      report(["spec", "service"], {
        severity: "error",
        rule: "missing-root",
        message: `There is no Service ${key}: the split has no effect.`,
        remedy: "Add the root Service, with a selector that matches the pods of all backends.",
      });
  } else if (!roots.some((root) => mesh.catalog.identitiesOfService(root.service).size > 0)) {
    report(["spec", "service"], {
      severity: "error",
      rule: "root-without-pods",
      message: `The selector of ${key} matches no pod, so that no caller's sidecar knows it.`,
      remedy: "Give the root a selector that matches the pods of all backends.",
    });
  }
  if (onRoot.length > 1 && onRoot[0] === split) {
    report(["spec", "service"], {
      severity: "error",
      rule: "several-splits",
      message: `${String(onRoot.length)} splits have the root ${key}, and OSM does not define which one counts: ${onRoot.map(({ name }) => name).join(", ")}.`,
      remedy: "Keep one of them.",
    });
  }
  const known = shown
    ? split.backends.filter(({ service }) => services.has(keyOf(split.namespace, service)))
    : split.backends;
  if (known.every(({ weight }) => weight === 0)) {
    report(["spec", "backends"], {
      severity: "error",
      rule: "no-weight",
      message:
        "The weights of the backends that exist add up to 0: Envoy then refuses every HTTP route of each sidecar that knows the root, and all calls to and from those pods get 404.",
      remedy: "Give one backend a weight above 0.",
    });
  }
  const hasPort = (service: string, root: MeshService): boolean =>
    backendTargetPort(mesh.catalog, split.namespace, service, root.port) !== undefined;
  const unserved = roots.filter((root) => known.length > 0 && !known.some(({ service }) => hasPort(service, root)));
  for (const root of unserved) {
    const effect =
      chainKind(root.protocol) === "tcp"
        ? "all calls to it are refused"
        : "Envoy refuses every HTTP route of the sidecars that know the root, and all HTTP calls of the callers get 404";
    report(["spec", "backends"], {
      severity: "error",
      rule: "no-backend-port",
      message: `No backend has an endpoint for port ${String(root.port)} of the root ${key}: ${effect}.`,
      remedy: `Give each backend a port ${String(root.port)} with the same name as the root's.`,
    });
  }
  split.backends.forEach(({ service, weight }, index) => {
    const path = ["spec", "backends", index];
    const backendKey = keyOf(split.namespace, service);
    if (!services.has(backendKey)) {
      if (shown)
        report([...path, "service"], {
          severity: "warning",
          rule: "missing-backend",
          message: `There is no Service ${backendKey}: the others share its part.`,
          remedy: "Add the Service or take the backend out.",
        });
      return;
    }
    for (const root of roots) {
      if (!hasPort(service, root) && !unserved.includes(root)) {
        report([...path, "service"], {
          severity: "warning",
          rule: "backend-port",
          message: `${backendKey} has no endpoint for port ${String(root.port)} of the root: the others share its part.`,
          remedy: `Give it a port ${String(root.port)} with the same name as the root's.`,
        });
      }
      if (weight === 0 && split.backends.length > 1 && chainKind(root.protocol) === "tcp") {
        report([...path, "weight"], {
          severity: "error",
          rule: "tcp-backend-without-weight",
          message:
            "Envoy refuses a TCP backend of weight 0 and with it the whole outbound listener: the callers reach nothing at all.",
          remedy: "Take the backend out.",
        });
      }
    }
    if (service !== key.slice(key.indexOf("/") + 1) && byRoot.has(backendKey)) {
      report([...path, "service"], {
        severity: "warning",
        rule: "nested-split",
        message: `${backendKey} is the root of a split itself, which does not apply here: calls go to its own pods.`,
        remedy: "Name that split's backends here.",
      });
    }
    if (weight > 0) found.push(...unauthorised(mesh, split, index, roots));
  });
  return found;
}

/** Backends that callers of the root may not reach: their part of the calls fails. */
function unauthorised(
  mesh: OsmMesh,
  split: SplitPolicy,
  index: number,
  roots: readonly MeshService[],
): readonly Finding[] {
  const backend = split.backends[index];
  const root = roots.find(({ protocol }) => chainKind(protocol) === "http") ?? roots[0];
  if (backend === undefined || root === undefined || mesh.state.switches.permissive) return [];
  const service = mesh.state.services.get(keyOf(split.namespace, backend.service));
  const wanted = service === undefined ? [] : mesh.catalog.meshServicesOf(service).map(({ id }) => id);
  const callers = new Set<string>();
  for (const identity of mesh.catalog.identitiesOfService(root.service)) {
    for (const target of mesh.targets.ofDestinationIdentity(identity)) {
      for (const source of target.sources) if (isCaller(source)) callers.add(keyOf(source.namespace, source.name));
    }
  }
  const total = split.backends.reduce((sum, { weight }) => sum + weight, 0);
  const blocked = [...callers].filter((caller) => {
    const known = new Set(mesh.outbound(caller).upstreams.map((upstream) => upstream.service.id));
    return wanted.length > 0 && !wanted.some((id) => known.has(id));
  });
  const to = `${fullName(root)}:${String(root.port)}`;
  const protocol = chainKind(root.protocol) === "tcp" ? "tcp" : "http";
  const calls = blocked.map((from): CallRequest => ({ from, to, protocol }));
  const request = shownBy(mesh, calls, protocol === "tcp" ? "refused" : "unavailable");
  if (request === undefined) return [];
  const share = Math.round((1000 * backend.weight) / total) / 10;
  return [
    finding(mesh, split, ["spec", "backends", index], {
      severity: "error",
      rule: "unauthorised-backend",
      message: `${String(share)} % of the calls of ${blocked.slice(0, 5).join(", ")}${blocked.length > 5 ? " and others" : ""} to ${root.name} go to ${backend.service}, which they may not reach, and ${protocol === "tcp" ? "are cut off" : "get 503"}.`,
      request,
      remedy: `Let them call the service account of ${backend.service} with a TrafficTarget, or take the backend out.`,
    }),
  ];
}
