import { type Finding, finding } from "../../analysis/finding";
import { type PodState } from "../../cluster/workloads";
import { isGatewayPod, leavesInbound } from "../calls/interception";
import { resolveName } from "../calls/virtual-hosts";
import { isSubset } from "../labels";
import { type IstioMesh } from "../mesh";
import { type ClientTlsMode, type DestinationRuleState, type PortTls } from "../state/destination-rules";

/** A place of a DestinationRule that may say how sidecars speak, and the labels of the pods that it is for. */
interface Part {
  readonly path: readonly (string | number)[];
  readonly tls: PortTls;
  readonly labels: Readonly<Record<string, string>>;
}

/** DestinationRules by which sidecars speak otherwise than the pods that they call understand. */
export function clientTlsFindings(mesh: IstioMesh): readonly Finding[] {
  return mesh.state.destinationRules.flatMap((rule) => partsOf(rule).flatMap((part) => conflictOf(mesh, rule, part)));
}

function partsOf({ tls, subsets }: DestinationRuleState): readonly Part[] {
  const whole: readonly Part[] = tls === undefined ? [] : [{ path: ["spec", "trafficPolicy"], tls, labels: {} }];
  return [
    ...whole,
    ...subsets.map((subset, index) => ({
      path: ["spec", "subsets", index, "trafficPolicy"],
      tls: subset.tls,
      labels: subset.labels,
    })),
  ];
}

/** The first port at which it is so. */
function conflictOf(mesh: IstioMesh, rule: DestinationRuleState, { path, tls, labels }: Part): readonly Finding[] {
  const host = mesh.registry.find(resolveName(rule.host, rule.namespace));
  if (host?.service === undefined) return [];
  for (const port of host.ports) {
    const mode = tls.ports.has(port.number) ? tls.ports.get(port.number) : tls.mode;
    if (mode === undefined) continue;
    for (const { ip, port: podPort } of mesh.registry.endpoints(host, port)) {
      const pod = mesh.podOfIp(ip);
      if (pod === undefined || !isSubset(labels, pod.labels)) continue;
      const problem = misunderstanding(mesh, mode, pod, podPort);
      if (problem === undefined) continue;
      return [
        finding(mesh, rule, path, {
          // Nobody may be led to a subset.
          severity: path.includes("subsets") ? "warning" : "error",
          rule: "client-tls",
          message: `Sidecars speak ${spoken[mode]} to port ${String(port.number)} of ${host.host} (tls.mode ${mode}), and ${problem}: their calls fail.`,
          remedy: "Leave tls out: sidecars find out by themselves who understands the mesh's TLS.",
        }),
      ];
    }
  }
  return [];
}

const spoken: Readonly<Record<NonNullable<ClientTlsMode>, string>> = {
  DISABLE: "plain text",
  SIMPLE: "TLS without a certificate of the mesh",
  MUTUAL: "TLS with a certificate that is not the mesh's",
  ISTIO_MUTUAL: "the mesh's TLS",
};

function misunderstanding(
  { state, authentication }: IstioMesh,
  mode: NonNullable<ClientTlsMode>,
  pod: PodState,
  port: number,
): string | undefined {
  const reads = state.hasSidecar(pod) && !isGatewayPod(pod) && !leavesInbound(pod, port);
  const asked = reads ? authentication.modeOf(pod, port) : undefined;
  const name = `pod ${pod.namespace}/${pod.name}`;
  if (mode !== "ISTIO_MUTUAL") return asked === "STRICT" ? `${name} takes the mesh's TLS alone (STRICT)` : undefined;
  if (!reads) return `${name} has no sidecar there that could read it`;
  return asked === "DISABLE" ? `${name} takes no TLS (DISABLE)` : undefined;
}
