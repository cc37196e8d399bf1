import { Mesh } from "../enums";
import { revisionNumber } from "../istio-revisions";
import { type ClusterSettings } from "../settings";
import { must, type Problem, quoted } from "./problem";

/** Namespace of an egress gateway that names none. */
const egressNamespace = "aks-istio-egress";

/** What AKS takes as the name of an egress gateway. */
const egressName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The mesh and its settings. */
export function meshProblems({ mesh, istio, nodePools, network, security }: ClusterSettings): Problem[] {
  const windows = nodePools.findIndex(({ osType }) => osType === "Windows");
  const problems = [
    ...must(
      mesh !== Mesh.OpenServiceMesh || windows < 0,
      `nodePools[${windows}].osSku`,
      'is Windows, where Open Service Mesh does not run. Take the pool out, or write mesh: "None".',
    ),
    ...must(
      istio === undefined || mesh === Mesh.Istio,
      "istio",
      `needs mesh: "Istio", and mesh is ${quoted(mesh)}: one cluster runs one mesh. Leave istio out, or change mesh.`,
    ),
  ];
  if (mesh !== Mesh.Istio || istio === undefined) return problems;
  const { certificateAuthority, egressGateways = [] } = istio;
  const podSubnet = nodePools.findIndex(({ podSubnetId }) => podSubnetId !== undefined);
  return [
    ...problems,
    ...revisionProblems(istio.revisions),
    ...must(
      certificateAuthority === undefined || security.keyVaultSecrets,
      "istio.certificateAuthority",
      "needs security.keyVaultSecrets, which brings its secrets into the cluster. Write keyVaultSecrets: true, or leave " +
        "certificateAuthority out.",
    ),
    ...must(
      egressGateways.length === 0 || network.staticEgressGateway === true,
      "istio.egressGateways",
      "needs network.staticEgressGateway, which gives the gateways their addresses. Write staticEgressGateway: true, or leave " +
        "egressGateways out.",
    ),
    ...must(
      egressGateways.length === 0 || podSubnet < 0,
      "istio.egressGateways",
      `does not work where pods have a subnet, as those of nodePools[${podSubnet}]. Leave podSubnetId or egressGateways out.`,
    ),
    ...egressGateways.flatMap(({ name, namespace = egressNamespace }, index) => [
      ...must(
        name.length <= 53 && egressName.test(name),
        `istio.egressGateways[${index}].name`,
        `is ${quoted(name)}. Write a DNS name of 1 to 53 lower-case letters, digits, hyphens and dots.`,
      ),
      ...must(
        egressGateways.findIndex(
          (other) => other.name === name && (other.namespace ?? egressNamespace) === namespace,
        ) === index,
        `istio.egressGateways[${index}].name`,
        `is ${quoted(name)}, which stands twice for the namespace ${namespace}. Write another name or namespace.`,
      ),
    ]),
  ];
}

function revisionProblems(revisions: readonly string[] | undefined): Problem[] {
  if (revisions === undefined) return [];
  return [
    ...must(
      revisions.length === 1 || revisions.length === 2,
      "istio.revisions",
      "needs one revision, such as asm-1-30, or two during an upgrade. Leave it out, and AKS chooses.",
    ),
    ...must(
      revisions.every((revision) => revisionNumber(revision) !== undefined),
      "istio.revisions",
      `is ${quoted(revisions)}. Write revisions such as asm-1-30 (az aks mesh get-revisions lists them).`,
    ),
    ...must(
      new Set(revisions).size === revisions.length,
      "istio.revisions",
      `is ${quoted(revisions)}. The two revisions of an upgrade must differ.`,
    ),
  ];
}
