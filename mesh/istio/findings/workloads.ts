import { type Finding, finding, shownBy } from "../../analysis/finding";
import { addressOf, type ServicePort } from "../../analysis/mesh";
import { groupBy } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { type CallRequest } from "../../request/request";
import { isGatewayPod } from "../calls/interception";
import { aksRootNamespace, injectedLabels, injectionLabel, revisionLabel } from "../injection";
import { type IstioMesh } from "../mesh";
import { hostOfService } from "../registry";
import { listed } from "./listed";

/** Findings of one kind that are shown; the rest is counted. */
const mostShown = 20;

/** Services whose pods let everybody in, or take plain text; namespaces whose label nobody reads. */
export function workloadFindings(mesh: IstioMesh): readonly Finding[] {
  return [...openFindings(mesh), ...labelFindings(mesh)];
}

/** What lets callers in to ports of Services: one finding for each cause, which lists them. */
function openFindings(mesh: IstioMesh): readonly Finding[] {
  const guarded = guardedPorts(mesh);
  const open = guarded.filter(({ pods }) => pods.some((pod) => mesh.policiesOf(pod).allow.length === 0));
  const plain = guarded.flatMap(({ service, pods }) => {
    const accepting = pods.find((pod) => mesh.authentication.modeOf(pod, service.targetPort) !== "STRICT");
    return accepting === undefined
      ? []
      : [{ service, by: mesh.authentication.sourceOf(accepting, service.targetPort) }];
  });
  return [
    Array.from(
      groupBy(open, ({ service }) => service.namespace),
      ([namespace, ports]): Finding => ({
        severity: "warning",
        rule: "open-to-all",
        object: `Namespace ${namespace}`,
        message: `No AuthorizationPolicy with action ALLOW selects the pods behind ${servicesOf(ports)}: every caller passes that none denies.`,
        remedy: `Write one for each caller, and one with an empty spec in namespace ${namespace}, which denies the rest.`,
      }),
    ),
    Array.from(
      groupBy(plain, ({ by }) => by),
      ([by, ports]): Finding => {
        const requests = ports.map(({ service }): CallRequest => ({
          ...{ from: "outside", to: addressOf(service), protocol: service.kind === "tcp" ? "tcp" : "http" },
        }));
        const request = shownBy(mesh, requests, "allowed");
        const spaces = [...new Set(ports.map(({ service }) => service.namespace))].sort().join(", ");
        return finding(mesh, by, [], {
          severity: "warning",
          rule: "plain-text",
          message: `The sidecars behind ${servicesOf(ports)} take plain text from callers without one: nobody proves who calls.`,
          ...(request && { request }),
          remedy:
            by === undefined
              ? `Write a PeerAuthentication with mtls.mode STRICT for the whole mesh in ${mesh.state.rootNamespace}, or in namespace ${spaces}, once every caller has a sidecar.`
              : `PeerAuthentication ${by.namespace}/${by.name} says so: write STRICT there once every caller has a sidecar.`,
        });
      },
    ),
  ].flatMap(shortened);
}

/** A port of a Service, and the pods behind it whose sidecars guard it. */
interface GuardedPort {
  readonly service: ServicePort;
  readonly pods: readonly PodState[];
}

function guardedPorts(mesh: IstioMesh): readonly GuardedPort[] {
  return mesh.access().services.flatMap((service) => {
    const host = service.kind === undefined ? undefined : hostOfService(mesh, service.service);
    const port = host?.ports.find(({ number }) => number === service.port);
    if (host === undefined || port === undefined) return [];
    const pods = mesh.registry.endpoints(host, port).flatMap(({ ip }) => mesh.podOfIp(ip) ?? []);
    // A gateway is there for callers of all kinds.
    return [{ service, pods: pods.filter((pod) => mesh.state.hasSidecar(pod) && !isGatewayPod(pod)) }];
  });
}

/** Services with their ports: `server.shop:80,9000, web.shop:80 and 3 more`. */
function servicesOf(ports: readonly Pick<GuardedPort, "service">[]): string {
  const byService = groupBy(ports, ({ service }) => `${service.name}.${service.namespace}`);
  return listed(
    Array.from(byService, ([name, own]) => {
      const numbers = new Set(own.map(({ service }) => String(service.port)));
      return `${name}:${[...numbers].join(",")}`;
    }),
  );
}

/** The first findings of a kind, and how many there are beside them. */
function shortened(all: readonly Finding[]): readonly Finding[] {
  const [first] = all;
  if (all.length <= mostShown || first === undefined) return all;
  const { severity, rule, message, remedy } = first;
  const others = `So it is with ${String(all.length - mostShown)} more`;
  return [...all.slice(0, mostShown), { severity, rule, message: `${others}: ${message}`, remedy }];
}

function labelFindings(mesh: IstioMesh): readonly Finding[] {
  const { namespaces, rootNamespace, injectors } = mesh.state;
  if (rootNamespace !== aksRootNamespace) return [];
  const injects = injectedLabels(injectors);
  const tags = injectors.flatMap(({ tag }) => tag ?? []);
  return [...namespaces.values()].flatMap(({ name, labels }): readonly Finding[] => {
    const asked = labels[revisionLabel];
    if (labels[injectionLabel] === undefined && asked !== undefined && !injects(asked)) {
      return [
        {
          severity: "error",
          rule: "revision-label",
          object: `Namespace ${name}`,
          message: `Nobody gives sidecars by ${revisionLabel}: ${asked}: pods of the namespace get none.`,
          remedy: `Write a revision of the add-on, such as asm-1-30, or a tag that there is: ${tags.join(", ")}.`,
        },
      ];
    }
    if (labels[injectionLabel] !== "enabled") return [];
    return [
      {
        severity: "error",
        rule: "injection-label",
        object: `Namespace ${name}`,
        message: `The AKS add-on does not read ${injectionLabel}: pods of the namespace get no sidecar${labels[revisionLabel] === undefined ? "" : ", whatever istio.io/rev says beside it"}.`,
        remedy: `Write the label ${revisionLabel} with the cluster's revision, such as asm-1-30, and take ${injectionLabel} out.`,
      },
    ];
  });
}
