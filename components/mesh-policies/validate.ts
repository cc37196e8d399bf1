import { RunError } from "@pulumi/pulumi";
import { istioKinds } from "../../mesh/istio/kinds";
import { noHeaderRoutes } from "../../mesh/policy/header-routes";
import { isDnsLabel } from "../../mesh/manifests/names";
import { blockedKinds } from "../istio-mesh/mesh-config-fields";
import { tagProblem } from "../istio-mesh/revision-tag";
import { type IstioMembership, type MeshPoliciesArgs } from "./args";

/** Namespaces that a mesh leaves alone: its own control plane and the cluster's. */
const systemNamespaces = [
  ...["kube-system", "kube-public", "kube-node-lease", "gatekeeper-system"],
  ...["aks-istio-system", "aks-istio-ingress"],
];

/** Labels and annotations that this component sets, whatever the mesh: another mesh's would make a pod belong to two. */
function setHere(key: string): boolean {
  const ofOsm = key.startsWith("openservicemesh.io/") && !/exclusion-list$|inclusion-list$/.test(key);
  return ofOsm || key === "istio.io/rev" || key === "istio-injection";
}

/** Arguments that only Open Service Mesh has. Its policies are converted. */
const ofOsmAlone = ["meshRootCertificates", "containerInsightsNamespaces"] as const;

/** Who issues certificates is not the user's to choose: the add-on fixes its controller's arguments. */
function issuerProblems({ policy, meshRootCertificates = [] }: MeshPoliciesArgs): string[] {
  const given = {
    "policy.certificates": policy?.certificates !== undefined,
    meshRootCertificates: meshRootCertificates.length > 0,
  };
  return Object.entries(given)
    .filter(([, isGiven]) => isGiven)
    .map(
      ([property]) =>
        `${property}: AKS runs osm-controller with its own authority (--certificate-manager tresor, --enable-mesh-root-certificate=false), so that ` +
        "cert-manager, Vault and a root of your own change nothing; leave it out. An authority of your own takes the mesh Istio " +
        "(its certificateAuthority from Key Vault): docs/certificates.md.",
    );
}

/** What is wrong with arguments for Istio. */
function istioProblems(args: MeshPoliciesArgs, { revision, revisionTag, settings }: IstioMembership): string[] {
  const { policy, mesh } = args;
  const problems = ofOsmAlone
    .filter((property) => args[property] !== undefined)
    .map((property) => `${property}: these are Open Service Mesh's, and the mesh is Istio; leave them out.`);
  if (!/^asm-\d+-\d+$/.test(revision)) {
    problems.push(`istio.revision: "${revision}" is no revision of the add-on; write one such as asm-1-30.`);
  }
  const tag = revisionTag === undefined ? undefined : tagProblem(revisionTag);
  if (tag !== undefined) problems.push(`istio.revisionTag: ${tag}.`);
  if (args.migration !== undefined) {
    problems.push("migration: the policies are Istio's already; leave it out.");
  }
  if (mesh !== undefined) problems.push("mesh: these are Open Service Mesh's settings; write istio.settings instead.");
  if (policy?.mode === "permissive") {
    problems.push("policy.mode: Istio has no permissive mode; write who may call whom, and leave the mode out.");
  }
  args.istioObjects?.forEach(({ kind, metadata }, index) => {
    const path = `istioObjects[${index}]`;
    if (blockedKinds.includes(kind)) {
      problems.push(`${path}: AKS's Istio add-on refuses the kind ${kind}; leave ${metadata.name} out.`);
    } else if (!(kind in istioKinds)) {
      problems.push(`${path}: "${kind}" is no kind of Istio's; write one of ${Object.keys(istioKinds).join(", ")}.`);
    }
  });
  const { egress = false } = settings ?? {};
  const { openEgress = false } = policy ?? {};
  if (policy !== undefined && openEgress !== egress) {
    problems.push(`policy.openEgress: it is ${openEgress}, but istio.settings.egress is ${egress}; make them agree.`);
  }
  return problems;
}

/**
 * Checks the arguments of MeshPolicies, the policies themselves aside.
 *
 * @throws Error that names each property and what to write.
 */
export function assertMeshPoliciesArgs(args: MeshPoliciesArgs): void {
  const problems: string[] = [];
  const names = args.namespaces.map(({ name }) => name);
  args.namespaces.forEach(({ name, labels, annotations }, index) => {
    const path = `namespaces[${index}]`;
    if (!isDnsLabel(name)) {
      problems.push(`${path}.name: "${name}" is no name; use at most 63 lower-case letters, digits and -.`);
    } else if (systemNamespaces.includes(name)) {
      problems.push(`${path}.name: ${name} belongs to the cluster and must stay outside the mesh; leave it out.`);
    }
    if (names.indexOf(name) < index) {
      problems.push(`${path}.name: ${name} stands here twice; name it once.`);
    }
    for (const [property, values] of Object.entries({ labels, annotations })) {
      const own = Object.keys(values ?? {}).find(setHere);
      if (own !== undefined) {
        problems.push(`${path}.${property}: ${own} is set by this component; use sidecarInjection and metrics.`);
      }
    }
  });
  const lists = {
    otherNamespaces: args.otherNamespaces,
    containerInsightsNamespaces: args.containerInsightsNamespaces,
  };
  for (const [property, values] of Object.entries(lists)) {
    values?.forEach((name, index) => {
      if (!isDnsLabel(name)) {
        problems.push(`${property}[${index}]: "${name}" is no name of a namespace.`);
      }
    });
  }
  const { policy, mesh, istio } = args;
  if (istio === undefined && args.istioObjects !== undefined) {
    problems.push(
      "istioObjects: the mesh is Open Service Mesh, which does not read them; write istio too, or leave them out.",
    );
  }
  if (istio === undefined && (args.headerRoutes ?? []).length > 0) problems.push(`headerRoutes: ${noHeaderRoutes}.`);
  if (istio !== undefined) problems.push(...istioProblems(args, istio));
  else problems.push(...issuerProblems(args));
  if (istio === undefined && policy !== undefined) {
    const { permissiveMode = false, egress = false } = mesh ?? {};
    const { mode = "strict", openEgress = false } = policy;
    if ((mode === "permissive") !== permissiveMode) {
      problems.push(`policy.mode: it is ${mode}, but mesh.permissiveMode is ${permissiveMode}; make them agree.`);
    }
    if (openEgress !== egress) {
      problems.push(`policy.openEgress: it is ${openEgress}, but mesh.egress is ${egress}; make them agree.`);
    }
  }
  if (problems.length > 0) {
    throw new RunError(problems.join("\n"));
  }
}
