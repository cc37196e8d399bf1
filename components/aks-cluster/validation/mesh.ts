import { Mesh } from "../enums";
import { revisionNumber } from "../istio-revisions";
import { type ClusterSettings } from "../settings";
import { egressGatewayProblems } from "./egress-gateways";
import { issuanceProblems } from "./issuance";
import { must, type Problem, quoted } from "./problem";

/** The mesh and its settings. */
export function meshProblems(settings: ClusterSettings): Problem[] {
  const { mesh, istio, nodePools, security } = settings;
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
  return [
    ...problems,
    ...revisionProblems(istio.revisions),
    ...must(
      istio.certificateAuthority === undefined || security.keyVaultSecrets,
      "istio.certificateAuthority",
      "needs security.keyVaultSecrets, which brings its secrets into the cluster. Write keyVaultSecrets: true, or leave " +
        "certificateAuthority out.",
    ),
    ...issuanceProblems(settings),
    ...egressGatewayProblems(settings, istio.egressGateways ?? []),
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
