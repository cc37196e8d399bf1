import { type Finding } from "../../analysis/finding";
import { type CallRequest } from "../../request/request";
import { decide } from "../../analysis/decide";
import { addressOf } from "../../analysis/mesh";
import { isGatewayPod } from "../calls/interception";
import { aksRootNamespace, injectedLabels, injectionLabel, revisionLabel } from "../injection";
import { type IstioMesh } from "../mesh";
import { fullName } from "../registry";

/** Findings of one kind that are shown; the rest is counted. */
const mostShown = 20;

/** Services whose pods let everybody in, or take plain text; namespaces whose label nobody reads. */
export function workloadFindings(mesh: IstioMesh): readonly Finding[] {
  return [...openFindings(mesh), ...labelFindings(mesh)];
}

function openFindings(mesh: IstioMesh): readonly Finding[] {
  const open: Finding[] = [];
  const plain: Finding[] = [];
  for (const service of mesh.access().services) {
    if (service.kind === undefined) continue;
    const [namespace = "", name = ""] = service.service.split("/");
    const host = mesh.registry.find(fullName(namespace, name));
    const port = host?.ports.find(({ number }) => number === service.port);
    if (host === undefined || port === undefined) continue;
    const pods = mesh.registry.endpoints(host, port).flatMap(({ ip }) => mesh.podOfIp(ip) ?? []);
    // A gateway is there for callers of all kinds.
    const guarded = pods.filter((pod) => mesh.state.hasSidecar(pod) && !isGatewayPod(pod));
    const to = addressOf(service);
    if (guarded.some((pod) => mesh.policiesOf(pod).allow.length === 0)) {
      open.push({
        severity: "warning",
        rule: "open-to-all",
        object: `Service ${service.service}`,
        message: `No AuthorizationPolicy with action ALLOW selects the pods behind ${to}: every caller passes that none denies.`,
        remedy: `Write one for each caller, and one with an empty spec in namespace ${namespace}, which denies the rest.`,
      });
    }
    const request: CallRequest = { from: "outside", to, protocol: service.kind === "tcp" ? "tcp" : "http" };
    const accepting = guarded.find((pod) => mesh.authentication.modeOf(pod, service.targetPort) !== "STRICT");
    if (accepting !== undefined) {
      const { outcome } = decide(mesh, request);
      const by = mesh.authentication.sourceOf(accepting, service.targetPort);
      plain.push({
        severity: "warning",
        rule: "plain-text",
        object: `Service ${service.service}`,
        message: `The sidecars behind ${to} take plain text from callers without one: nobody proves who calls.`,
        ...(outcome === "allowed" && { request }),
        remedy:
          by === undefined
            ? `Write a PeerAuthentication with mtls.mode STRICT in namespace ${namespace}, or for the whole mesh in ${mesh.state.rootNamespace}, once every caller has a sidecar.`
            : `PeerAuthentication ${by.namespace}/${by.name} says so: write STRICT there once every caller has a sidecar.`,
      });
    }
  }
  return [open, plain].flatMap(shortened);
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
