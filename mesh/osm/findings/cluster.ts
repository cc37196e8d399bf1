import { ignoredBecause } from "../proxy/targets";
import { nearNames } from "../../manifests/near-names";
import { type OsmMesh } from "../mesh";
import { chainKind } from "../proxy/outbound";
import { keyOf } from "../../cluster/keys";
import { injectionAnnotation, injectionWords, monitoredByLabel, proxyLabel } from "../injection";
import { type Finding, finding } from "../../analysis/finding";

/** The mesh as a whole, its services, and the objects of policy.openservicemesh.io. */
export function clusterFindings(mesh: OsmMesh): readonly Finding[] {
  return [...mode(mesh), ...namespaces(mesh), ...services(mesh), ...settings(mesh), ...egress(mesh), ...ingress(mesh)];
}

function mode(mesh: OsmMesh): readonly Finding[] {
  const { switches, targets, retries } = mesh.state;
  const found: Finding[] = [];
  if (switches.permissive && targets.length > 0) {
    found.push({
      severity: "error",
      rule: "permissive-mode",
      message: `Permissive mode is on: every pod of the mesh may call every other, and the ${String(targets.length)} TrafficTargets enforce nothing.`,
      remedy: "Set spec.traffic.enablePermissiveTrafficPolicyMode: false in the MeshConfig.",
    });
  }
  if (switches.ingressBackendPolicyOff) {
    for (const policy of mesh.state.ingresses) {
      found.push(
        finding(mesh, policy, [], {
          severity: "warning",
          rule: "ingress-backend-off",
          message: "OSM 1.2 reads IngressBackend objects although the MeshConfig turns them off: it opens its ports.",
          remedy: "Delete the IngressBackend, or set spec.featureFlags.enableIngressBackendPolicy: true, as it is.",
        }),
      );
    }
  }
  if (!switches.retryPolicy) {
    for (const retry of retries) {
      found.push(
        finding(mesh, retry, [], {
          severity: "warning",
          rule: "retries-off",
          message: "OSM does not read Retry objects unless the MeshConfig turns them on.",
          remedy: "Set spec.featureFlags.enableRetryPolicy: true in the MeshConfig.",
        }),
      );
    }
  }
  return found;
}

function namespaces(mesh: OsmMesh): readonly Finding[] {
  const { state } = mesh;
  const found: Finding[] = [];
  const reported = new Set<string>();
  for (const target of state.targets) {
    for (const { namespace } of target.sources) {
      if (namespace === "" || state.isMonitored(namespace) || reported.has(namespace)) continue;
      if (ignoredBecause(target, state) !== undefined) continue;
      reported.add(namespace);
      const near = state.namespaces.has(namespace) ? [] : nearNames(namespace, state.namespaces.keys());
      if (near.length > 0) {
        found.push(
          finding(mesh, target, ["spec", "sources"], {
            severity: "error",
            rule: "source-outside-mesh",
            message: `There is no namespace ${namespace}: the source lets nobody in.`,
            remedy: `Did you mean ${near.join(" or ")}?`,
          }),
        );
        continue;
      }
      found.push(
        finding(mesh, target, ["spec", "sources"], {
          severity: "error",
          rule: "source-outside-mesh",
          message: `Namespace ${namespace} is not in the mesh: its pods have no sidecar, and their plain-text calls are refused.`,
          remedy: `Label it ${monitoredByLabel}=osm, annotate it openservicemesh.io/sidecar-injection=enabled and restart its pods.`,
        }),
      );
    }
  }
  for (const namespace of state.namespaces.values()) {
    if (!state.isMonitored(namespace.name)) continue;
    const injection = namespace.annotations[injectionAnnotation]?.toLowerCase();
    // Switched off in so many words is meant: OSM's own guide has it so for ingress controllers.
    if (injection !== undefined && [...injectionWords.on, ...injectionWords.off].includes(injection)) continue;
    const injected = state.pods.some((pod) => pod.namespace === namespace.name && pod.labels[proxyLabel] !== undefined);
    if (injected) continue;
    found.push({
      severity: "warning",
      rule: "no-sidecar-injection",
      object: `Namespace ${namespace.name}`,
      message: "The namespace is in the mesh, but its pods get no sidecar.",
      remedy: `Annotate it ${injectionAnnotation}=enabled and restart its pods.`,
    });
  }
  return [...found, ...oldPods(mesh)];
}

/** Pods that would get a sidecar if they were made now. */
function oldPods({ state }: OsmMesh): readonly Finding[] {
  return state.pods
    .filter((pod) => pod.running && !state.hasSidecar(pod) && state.hasSidecar({ ...pod, running: false }))
    .map(({ namespace, name }) => ({
      severity: "warning",
      rule: "pod-without-sidecar",
      object: `Pod ${namespace}/${name}`,
      message:
        "The pod runs without a sidecar: it was made before its namespace was given to the mesh, or past the webhook.",
      remedy: "Restart it: kubectl rollout restart of its workload.",
    }));
}

function services(mesh: OsmMesh): readonly Finding[] {
  const found: Finding[] = [];
  const reported = new Set<string>();
  const report = (rule: string, message: string, remedy: string): void => {
    if (reported.has(message)) return;
    reported.add(message);
    found.push({ severity: "error", rule, message, remedy });
  };
  for (const service of mesh.catalog.allMeshServices()) {
    if (chainKind(service.protocol) !== undefined) continue;
    report(
      "unsupported-protocol",
      `Port ${String(service.port)} of Service ${keyOf(service.namespace, service.name)} has appProtocol ${JSON.stringify(service.protocol)}: OSM makes no listener for it, and calls are refused.`,
      "Use http, grpc, tcp or tcp-server-first; for TLS of the application's own, tcp.",
    );
  }
  for (const pod of mesh.state.pods) {
    if (!mesh.state.isMonitored(pod.namespace)) continue;
    const inbound = mesh.inbound(pod);
    if (inbound.listenersRefused !== undefined) {
      report(
        "listeners-refused",
        `${inbound.listenersRefused}.`,
        "Let the Service's targetPort name a port of its pods.",
      );
    } else if (inbound.noListener?.startsWith("Envoy") === true) {
      report(
        "listener-refused",
        `${inbound.noListener}.`,
        "Let no two ports of the pod's Services have the same targetPort under one name; ingress to a port through one Service only.",
      );
    }
    for (const { port } of podPorts(mesh, pod)) {
      // A pattern that Envoy refuses is a problem of its own.
      if (inbound.meshRoutesRefused !== undefined || inbound.virtualHost(port, "\0") !== "refused") continue;
      report(
        "routes-refused",
        `Envoy refuses the HTTP routes of port ${String(port)} of pod ${pod.namespace}/${pod.name}: two of its services share a host name.`,
        "Give a split's root and its backends the same ports.",
      );
    }
  }
  return found;
}

function podPorts(mesh: OsmMesh, pod: Parameters<OsmMesh["inbound"]>[0]): readonly { readonly port: number }[] {
  return mesh.catalog.servicesOfPod(pod).map(({ targetPort }) => ({ port: targetPort }));
}

function settings(mesh: OsmMesh): readonly Finding[] {
  const { state } = mesh;
  const found: Finding[] = [];
  const paths = new Set([...state.routeGroups.values()].flatMap((group) => group.matches.map(({ path }) => path)));
  const hosts = new Set(
    mesh.catalog.allMeshServices().map(({ name, namespace }) => `${name}.${namespace}.svc.cluster.local`),
  );
  const ofEgress = new Set(
    state.egresses.flatMap((egress) => egress.matches.map(({ name }) => keyOf(egress.namespace, name))),
  );
  for (const setting of state.settings) {
    const namespace = setting.host.split(".")[1];
    const own = hosts.has(setting.host) && setting.host.endsWith(`.${setting.namespace}.svc.cluster.local`);
    if (!own && !ofEgress.has(keyOf(setting.namespace, setting.name))) {
      found.push(
        finding(mesh, setting, ["spec", "host"], {
          severity: "error",
          rule: "setting-host",
          message: `No service of namespace ${setting.namespace} has the name ${setting.host}: the setting has no effect.`,
          remedy:
            namespace !== undefined && namespace !== setting.namespace
              ? `Put it into namespace ${namespace}.`
              : `Write the full name, as in <service>.${setting.namespace}.svc.cluster.local.`,
        }),
      );
    }
    setting.routePaths.forEach((path, index) => {
      if (paths.has(path)) return;
      found.push(
        finding(mesh, setting, ["spec", "httpRoutes", index, "path"], {
          severity: "error",
          rule: "setting-path",
          message: `No HTTPRouteGroup has the pathRegex ${JSON.stringify(path)}: OSM compares the texts, so that the limit applies to nothing.`,
          remedy: "Copy the pathRegex of the match that is meant.",
        }),
      );
    });
  }
  return found;
}

function egress(mesh: OsmMesh): readonly Finding[] {
  const { state } = mesh;
  return state.egresses.flatMap((policy) => {
    const found: Finding[] = [];
    if (state.switches.egress) {
      found.push(
        finding(mesh, policy, [], {
          severity: "warning",
          rule: "egress-open",
          message: "Mesh-wide egress is on, so that everything passes that this policy does not match.",
          remedy: "Set spec.traffic.enableEgress: false in the MeshConfig.",
        }),
      );
    }
    if (!state.switches.egressPolicy) {
      found.push(
        finding(mesh, policy, [], {
          severity: "error",
          rule: "egress-policy-off",
          message: "The MeshConfig turns Egress objects off.",
          remedy: "Set spec.featureFlags.enableEgressPolicy: true in the MeshConfig.",
        }),
      );
    }
    policy.ports.forEach(({ protocol }, index) => {
      if (protocol === "http" && policy.hosts.length === 0) {
        found.push(
          finding(mesh, policy, ["spec", "ports", index], {
            severity: "error",
            rule: "egress-without-hosts",
            message: "An http port without hosts opens nothing: calls get 404.",
            remedy: "Name the hosts.",
          }),
        );
      }
      if (["http", "https", "tcp", "tcp-server-first"].includes(protocol)) return;
      found.push(
        finding(mesh, policy, ["spec", "ports", index, "protocol"], {
          severity: "error",
          rule: "egress-protocol",
          message: `OSM makes no listener for the protocol ${JSON.stringify(protocol)}.`,
          remedy: "Use http, https, tcp or tcp-server-first, in lower case.",
        }),
      );
    });
    return found;
  });
}

function ingress(mesh: OsmMesh): readonly Finding[] {
  const { state, catalog } = mesh;
  const owners = new Map<string, string>();
  return state.ingresses.flatMap((policy) => {
    const found: Finding[] = [];
    policy.backends.forEach(({ name, port }, index) => {
      const key = keyOf(policy.namespace, name);
      const service = state.services.get(key);
      const ports = service === undefined ? [] : catalog.meshServicesOf(service);
      const owner = owners.get(`${key}:${String(port)}`);
      if (owner !== undefined && owner !== policy.name) {
        found.push(
          finding(mesh, policy, ["spec", "backends", index], {
            severity: "error",
            rule: "ingress-conflict",
            message: `IngressBackend ${owner} has the same backend ${name}:${String(port)}, and OSM does not define which one counts.`,
            remedy: "Keep one of them.",
          }),
        );
      }
      owners.set(`${key}:${String(port)}`, policy.name);
      if (ports.some(({ targetPort }) => targetPort === port)) return;
      const meant = ports.find((one) => one.port === port);
      found.push(
        finding(mesh, policy, ["spec", "backends", index, "port", "number"], {
          severity: "error",
          rule: "ingress-port",
          message: `Service ${key} has no target port ${String(port)}: the backend takes no traffic.`,
          remedy:
            meant === undefined
              ? "Name the target port of a Service that exists."
              : `Write ${String(meant.targetPort)}, the target port.`,
        }),
      );
    });
    return found;
  });
}
