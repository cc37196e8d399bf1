import { type OsmMesh } from "../mesh";
import { fullName } from "../proxy/hostnames";
import { chainKind } from "../proxy/outbound";
import { ignoredBecause } from "../proxy/targets";
import { isCaller, accountOf, keyOf, type MeshService, type TargetPolicy } from "../state";
import { type CallRequest } from "../../request/request";
import { type Finding, finding, shownBy } from "../../analysis/finding";

/** TrafficTargets that say less, or more, than they seem to. */
export function targetFindings(mesh: OsmMesh): readonly Finding[] {
  return mesh.state.targets.flatMap((target) => [
    ...ignored(mesh, target),
    ...sources(mesh, target),
    ...unserved(mesh, target),
    ...rules(mesh, target),
    ...ports(mesh, target),
  ]);
}

function ignored(mesh: OsmMesh, target: TargetPolicy): readonly Finding[] {
  const reason = ignoredBecause(target, mesh.state);
  if (reason === undefined) return [];
  return [
    finding(mesh, target, ["spec"], {
      severity: "error",
      rule: "ignored-target",
      message: `OSM ignores this TrafficTarget: ${reason}.`,
      remedy:
        "Put it into its destination's namespace, which has to carry the label openservicemesh.io/monitored-by, and give it rules of kind HTTPRouteGroup or TCPRoute only.",
    }),
  ];
}

function sources(mesh: OsmMesh, target: TargetPolicy): readonly Finding[] {
  const found: Finding[] = [];
  if (target.sources.length === 0) {
    found.push(
      finding(mesh, target, ["spec", "sources"], {
        severity: "error",
        rule: "no-sources",
        message:
          "Without sources the server lets every identity of the mesh in that another TrafficTarget leads to it.",
        remedy: "Name the service accounts that may call, or delete the TrafficTarget.",
      }),
    );
  }
  target.sources.forEach((source, index) => {
    const path = ["spec", "sources", index];
    if (source.namespace === "") {
      found.push(
        finding(mesh, target, [...path, "namespace"], {
          severity: "error",
          rule: "source-without-namespace",
          message: `Source ${source.name} has no namespace, and OSM has no default for it: it matches nobody.`,
          remedy: `Write namespace: ${target.namespace}, or the namespace of the caller.`,
        }),
      );
    }
    if (source.kind !== "ServiceAccount") {
      found.push(
        finding(mesh, target, [...path, "kind"], {
          severity: "error",
          rule: "subject-kind",
          message: `Source ${source.name} is of kind ${source.kind}: its calls get 503, because OSM gives it no endpoints.`,
          remedy: "Write kind: ServiceAccount.",
        }),
      );
    }
    if (source.name.includes(".")) {
      found.push(
        finding(mesh, target, [...path, "name"], {
          severity: "error",
          rule: "dotted-account",
          message: `OSM takes the service account ${source.namespace}/${source.name} for ${accountOf(source.namespace, source.name)}.`,
          remedy: "Use a service account whose name has no dot.",
        }),
      );
    }
  });
  if (target.destination.kind !== "ServiceAccount") {
    found.push(
      finding(mesh, target, ["spec", "destination", "kind"], {
        severity: "error",
        rule: "subject-kind",
        message: `The destination is of kind ${target.destination.kind}: calls get 503, because OSM gives callers no endpoints.`,
        remedy: "Write kind: ServiceAccount.",
      }),
    );
  }
  const { namespace, name } = target.destination;
  if (mesh.catalog.podsOfAccount(keyOf(namespace, name)).length === 0) {
    found.push(
      finding(mesh, target, ["spec", "destination", "name"], {
        severity: "warning",
        rule: "destination-without-pods",
        message: `No pod of the manifests runs as ${namespace}/${name}, so that the TrafficTarget opens nothing.`,
        remedy: "Check the name of the service account, or set it in the workload's serviceAccountName.",
      }),
    );
  }
  return found;
}

/** Pods that no Service selects: sidecars know other pods by their Services alone. */
function unserved(mesh: OsmMesh, target: TargetPolicy): readonly Finding[] {
  const { state, catalog } = mesh;
  const { namespace, name } = target.destination;
  const account = keyOf(namespace, name);
  if (state.switches.permissive || ignoredBecause(target, state) !== undefined) return [];
  if (catalog.podsOfAccount(account).length === 0 || catalog.servicesOfAccount(account).length > 0) return [];
  const empty = [...state.services.values()].filter(
    (service) =>
      service.namespace === namespace &&
      Object.keys(service.selector).length > 0 &&
      catalog.identitiesOfService(service).size === 0,
  );
  const selectors = empty.map(
    (service) =>
      `Service ${keyOf(namespace, service.name)} selects ${Object.entries(service.selector)
        .map(([key, value]) => `${key}=${value}`)
        .join(",")}, which no pod has`,
  );
  return [
    finding(mesh, target, ["spec", "destination"], {
      severity: "error",
      rule: "destination-without-service",
      message: `No Service selects the pods that run as ${account}, so that no sidecar knows them and every call is refused${selectors.length === 0 ? "" : `: ${selectors.join("; ")}`}.`,
      remedy: "Add a Service whose selector the pods' labels meet, or mend the selector.",
    }),
  ];
}

function rules(mesh: OsmMesh, target: TargetPolicy): readonly Finding[] {
  const { state } = mesh;
  const found: Finding[] = [];
  target.rules.forEach((rule, index) => {
    const path = ["spec", "rules", index];
    const key = keyOf(target.namespace, rule.name);
    if (rule.kind === "TCPRoute" && !state.tcpRoutes.has(key)) {
      found.push(
        finding(mesh, target, [...path, "name"], {
          severity: "error",
          rule: "missing-tcp-route",
          message: `There is no TCPRoute ${key}: the sidecars then close every connection that only this TrafficTarget would let in, HTTP too.`,
          remedy: "Add the TCPRoute to the TrafficTarget's namespace, or take the rule out.",
        }),
      );
    }
    if (rule.kind !== "HTTPRouteGroup") return;
    const group = state.routeGroups.get(key);
    if (group === undefined) {
      found.push(
        finding(mesh, target, [...path, "name"], {
          severity: "error",
          rule: "missing-route-group",
          message: `There is no HTTPRouteGroup ${key}: the rule opens nothing.`,
          remedy: "Add the HTTPRouteGroup to the TrafficTarget's namespace, or correct the name.",
        }),
      );
      return;
    }
    if (rule.matches.length === 0) {
      found.push(
        finding(mesh, target, path, {
          severity: "error",
          rule: "rule-without-matches",
          message: `The rule names no matches of ${key}: OSM then makes no route, although the SMI specification says all.`,
          remedy: `Write matches: [${group.matches.map(({ name }) => name).join(", ")}].`,
        }),
      );
    }
    rule.matches.forEach((name, at) => {
      const same = group.matches.filter((match) => match.name === name);
      if (same.length === 0) {
        found.push(
          finding(mesh, target, [...path, "matches", at], {
            severity: "error",
            rule: "missing-match",
            message: `${key} has no match ${name}: this part of the rule opens nothing.`,
            remedy: `Use one of ${group.matches.map((match) => match.name).join(", ")}.`,
          }),
        );
      }
    });
  });
  return found;
}

/** TCP ports that a target opens beside what it names, and those that it names in vain. */
function ports(mesh: OsmMesh, target: TargetPolicy): readonly Finding[] {
  const { state, catalog } = mesh;
  if (state.switches.permissive || ignoredBecause(target, state) !== undefined) return [];
  const services = catalog.servicesOfAccount(keyOf(target.destination.namespace, target.destination.name));
  const tcp = services.filter(({ protocol }) => chainKind(protocol) === "tcp");
  const http = services.filter(({ protocol }) => chainKind(protocol) === "http");
  const calls = (to: readonly MeshService[], protocol: "http" | "tcp"): readonly CallRequest[] =>
    target.sources.filter(isCaller).flatMap(({ namespace, name }) =>
      to.map((service) => ({
        from: keyOf(namespace, name),
        to: `${fullName(service)}:${String(service.port)}`,
        protocol,
      })),
    );
  const found: Finding[] = [];
  const routes = target.rules.filter(({ kind }) => kind === "TCPRoute");
  const opened = routes.length === 0 ? shownBy(mesh, calls(tcp, "tcp"), "allowed") : undefined;
  if (opened !== undefined) {
    found.push(
      finding(mesh, target, ["spec", "rules"], {
        severity: "error",
        rule: "http-target-opens-tcp",
        message: `Without a TCPRoute it opens every TCP port of its destination too: ${[...new Set(tcp.map(({ name, port }) => `${name}:${String(port)}`))].join(", ")}.`,
        request: opened,
        remedy:
          "Add a TCPRoute with the target ports that are meant, or give the TCP port's workload a service account of its own.",
      }),
    );
  }
  const useless =
    routes.length === target.rules.length && tcp.length === 0
      ? shownBy(mesh, calls(http, "http"), "no-route")
      : undefined;
  if (useless !== undefined) {
    found.push(
      finding(mesh, target, ["spec", "rules"], {
        severity: "warning",
        rule: "tcp-target-on-http",
        message: `It has TCPRoutes only, but ${[...new Set(http.map(({ name }) => name))].join(", ")} speaks HTTP: unless another TrafficTarget gives routes, calls get 404.`,
        request: useless,
        remedy: "Add an HTTPRouteGroup, or set appProtocol: tcp on the Service's port.",
      }),
    );
  }
  for (const rule of routes) {
    const route = state.tcpRoutes.get(keyOf(target.namespace, rule.name));
    if (route === undefined) continue;
    if (route.ports.length === 0) {
      found.push(
        finding(mesh, route, ["spec", "matches", "ports"], {
          severity: "error",
          rule: "tcp-route-without-ports",
          message: "Without ports it opens every port of the destinations that TrafficTargets use it for.",
          remedy: "Name the target ports that are meant.",
        }),
      );
    }
    route.ports.forEach((port, index) => {
      if (services.length === 0 || services.some(({ targetPort }) => targetPort === port)) return;
      const meant = services.find((service) => service.port === port);
      found.push(
        finding(mesh, route, ["spec", "matches", "ports", index], {
          severity: "error",
          rule: "tcp-route-port",
          message: `No service of ${target.destination.namespace}/${target.destination.name} has the target port ${String(port)}: OSM compares with the pods' port.`,
          remedy:
            meant === undefined
              ? "Name the target port."
              : `Write ${String(meant.targetPort)}, the target port of ${meant.name}:${String(port)}.`,
        }),
      );
    });
  }
  return found;
}
