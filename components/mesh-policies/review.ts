import { describeObject, type KubernetesObject } from "../../mesh/manifests";
import {
  admit,
  type AdmissionContext,
  advice,
  checkGuarantees,
  decide,
  describeRequest,
  type Finding,
  type Guarantee,
  type Mesh,
  meshOf,
  type ObjectFinding,
  rulesOfTheWhole,
} from "../../mesh";
import { type AccessMatrix, accessMatrix } from "./access-matrix";
import { asKubernetesObject } from "./cluster";
import { type PolicyMesh } from "./target";

/** Something to say about the policies. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  /** The object that it is about, `TrafficTarget shop/buyers`; undefined for the mesh as a whole. */
  readonly object?: string;
  readonly text: string;
  /** The object cannot even be made into a resource. */
  readonly shapeless?: true;
}

/** What is reviewed, all of it as plain data. */
export interface ReviewSubject {
  readonly mesh: PolicyMesh;
  /** The policies. */
  readonly objects: readonly unknown[];
  /** Namespaces, the mesh's settings and what runs. */
  readonly cluster: readonly unknown[];
  readonly guarantees: readonly Guarantee[];
  readonly context: AdmissionContext;
  /** Whether what runs in the cluster is part of `cluster`, so that nothing about it has to be assumed. */
  readonly workloadsKnown: boolean;
  /** Titles of objects that a preview does not know yet. */
  readonly unknown: readonly string[];
}

/** What the policies come to. */
export interface Review {
  readonly diagnostics: readonly Diagnostic[];
  /** Who may call whom; empty where the API server or the mesh would refuse an object. */
  readonly access: AccessMatrix;
}

/**
 * Checks the policies as `aks-mesh check` does, what the API server and the mesh's webhook would refuse first. Where parts are
 * unknown, findings are warnings, since the rest may mend them, and what only the whole can tell is left out.
 */
export function review(subject: ReviewSubject): Review {
  const partial = subject.unknown.length > 0;
  const cluster = subject.cluster.map(asKubernetesObject).filter((object) => object !== undefined);
  const services = cluster.filter(({ kind }) => kind === "Service").map(keyOf);
  const admission = admitted(subject, subject.workloadsKnown && !partial ? services : undefined);
  const shapeless = admission.objects.length < subject.objects.length;
  const refused = admission.findings.map((finding): Diagnostic => ({
    severity: finding.severity,
    object: finding.object,
    text: `${finding.path}: ${advice(finding)}`,
    ...(shapeless && { shapeless }),
  }));
  if (refused.some(({ severity }) => severity === "error")) return { diagnostics: refused, access: {} };

  const mesh = meshOf({ objects: [...admission.objects, ...cluster] }, [], subject.mesh);
  const said = new Set(admission.findings.map(({ object, path }) => `${object} ${path}`));
  const found = [
    ...mesh.findings().filter(({ object, property }) => !said.has(`${object ?? ""} ${property ?? ""}`)),
    ...checkGuarantees(mesh, partial ? subject.guarantees.filter(({ kind }) => kind === "never") : subject.guarantees),
  ].filter(({ rule }) => (!partial && subject.workloadsKnown) || !rulesOfTheWhole.has(rule));
  return {
    diagnostics: [
      ...refused,
      ...mesh.problems.map(({ severity, object, property, message }): Diagnostic => ({
        severity,
        ...(object !== undefined && { object }),
        text: property === undefined ? message : `${property}: ${message}`,
      })),
      ...found.map((finding): Diagnostic => ({
        severity: partial ? "warning" : finding.severity,
        ...(finding.object !== undefined && { object: finding.object }),
        text: findingText(mesh, finding),
      })),
      ...notes(subject, mesh),
    ],
    access: accessMatrix(mesh.access()),
  };
}

/** What is left of the policies once each has been looked at by itself. Objects of Istio are looked at by the analysis alone. */
function admitted(
  { mesh, objects, context, unknown }: ReviewSubject,
  services: readonly string[] | undefined,
): { readonly findings: readonly ObjectFinding[]; readonly objects: readonly KubernetesObject[] } {
  if (mesh === "osm") {
    return admit(objects, mesh, { ...context, complete: unknown.length === 0, ...(services && { services }) });
  }
  return { findings: [], objects: objects.map(asKubernetesObject).filter((object) => object !== undefined) };
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Kinds that decide a request by themselves. */
const decisive: ReadonlySet<string> = new Set([
  "TrafficTarget",
  "TrafficSplit",
  "AuthorizationPolicy",
  "VirtualService",
]);

function findingText(mesh: Mesh, { property, message, request, remedy }: Finding): string {
  const lines = [property === undefined ? message : `${property}: ${message}`];
  if (request !== undefined) {
    lines.push(`    shown by  ${describeRequest(request)}`);
    // Route groups are left out: the TrafficTargets name them.
    const because = decide(mesh, request).because.flatMap(({ object }) =>
      object !== undefined && decisive.has(object.kind) ? [describeObject(object)] : [],
    );
    if (because.length > 0) lines.push(`    because   ${[...new Set(because)].join(", ")}`);
  }
  return [...lines, `    remedy    ${remedy}`].join("\n");
}

function notes({ unknown, workloadsKnown }: ReviewSubject, mesh: Mesh): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  if (unknown.length > 0) {
    found.push({
      severity: "info",
      text: `Not known in this preview: ${unknown.join(", ")}. The rest is checked now, the whole in \`pulumi up\`, before any of it is applied.`,
    });
  }
  if (!workloadsKnown && mesh.assumptions.length > 0) {
    const assumed = mesh.assumptions.join(" ");
    found.push({
      severity: "info",
      text: `What runs is not known; pass \`workloads\`, and nothing need be assumed. ${assumed}`,
    });
  }
  return found;
}
