import { asAdmissionFindings } from "../../analysis/admission-findings";
import { type AdmissionFinding } from "../../analysis/finding";
import { type Finding as ObjectFinding, type RefusedBy } from "../../analysis/object-finding";
import { type Report, reportOn } from "../../analysis/object-report";
import { isJsonObject, type Manifests, nowhere } from "../../manifests";
import { schemaProblems, withoutNulls } from "../../manifests/schema";
import { type IstioKind, istioKinds, type IstioObject, type PeerAuthentication } from "../kinds";
import { checkAuthorizationPolicy } from "./authorization-policy";
import { checkDryRun } from "./dry-run";
import { checkDestinationRule } from "./destination-rule";
import { checkGateway } from "./gateway";
import { isPort } from "./names";
import { checkRequestAuthentication } from "./request-authentication";
import { specSchemas } from "./schemas";
import { checkSelector } from "./selector";
import { checkServiceEntry } from "./service-entry";
import { checkSidecar } from "./sidecar";
import { checkVirtualService } from "./virtual-service";

/** Result of {@link admit}. */
export interface Admission {
  /** All that is wrong, object by object in the order given. */
  readonly findings: readonly ObjectFinding[];
  /** The objects that have the shape of their kind, in the order given. */
  readonly objects: readonly IstioObject[];
}

function isIstioKind(kind: unknown): kind is IstioKind {
  return typeof kind === "string" && Object.hasOwn(istioKinds, kind);
}

/** What the AKS add-on's own admission refuses (docs, "istio-support-policy"). */
const blockedKinds = ["ProxyConfig", "WorkloadEntry", "WorkloadGroup", "IstioOperator", "WasmPlugin"];

/** What took the place of API groups that Istio has not read since 1.6. */
const goneGroups: Readonly<Record<string, string>> = {
  "rbac.istio.io": "AuthorizationPolicy (security.istio.io/v1)",
  "authentication.istio.io": "PeerAuthentication and RequestAuthentication (security.istio.io/v1)",
};

function shapeFindings(value: unknown, name: string): readonly ObjectFinding[] {
  const found = (path: string, problem: string, remedy: string, refusedBy: RefusedBy = "schema"): ObjectFinding => ({
    check: "schema",
    severity: "error",
    refusedBy,
    object: name,
    path,
    problem,
    remedy,
  });
  if (!isJsonObject(value)) return [found("", "this is no object", "write apiVersion, kind, metadata and spec")];
  const { kind, apiVersion, metadata, spec } = value;
  const instead = typeof apiVersion === "string" ? goneGroups[groupOf(apiVersion)] : undefined;
  if (instead !== undefined) {
    return [found("apiVersion", `Istio has read no ${String(kind)} since 1.6: it does nothing`, `write ${instead}`)];
  }
  if (typeof kind === "string" && blockedKinds.includes(kind)) {
    return [found("kind", `AKS's add-on refuses ${kind}`, "do without it, or install Istio yourself", "webhook")];
  }
  if (!isIstioKind(kind)) {
    return [
      found(
        "kind",
        `${JSON.stringify(kind)} is not a kind of Istio that is read here`,
        `write one of ${Object.keys(istioKinds).join(", ")}`,
      ),
    ];
  }
  const { apiVersion: written, served } = istioKinds[kind];
  const [group = ""] = written.split("/");
  const versions: readonly string[] = served.map((version) => `${group}/${version}`);
  if (typeof apiVersion !== "string" || !versions.includes(apiVersion)) {
    return [found("apiVersion", `Istio serves no ${kind} as ${JSON.stringify(apiVersion)}`, `write ${written}`)];
  }
  const missing = (["name", "namespace"] as const).filter(
    (key) => !isJsonObject(metadata) || typeof metadata[key] !== "string" || metadata[key] === "",
  );
  const schema = specSchemas[kind];
  return [
    ...missing.map((key) => found(`metadata.${key}`, "is missing", "name the object and its namespace")),
    ...(schema === undefined || spec === undefined ? [] : schemaProblems(spec, schema, "spec")).map((one) =>
      found(one.path, one.problem, one.remedy),
    ),
  ];
}

/** Whether an object has the shape of its kind. */
function isWellShaped(value: unknown, findings: readonly ObjectFinding[]): value is IstioObject {
  return isJsonObject(value) && findings.length === 0;
}

/**
 * Checks objects one by one, before anything is applied: the kinds' schemas, and what istiod's validating webhook refuses. Istio takes
 * more without a word than it should: that is among the findings of the mesh.
 *
 * @param values plain objects, from anywhere.
 */
export function admit(values: readonly unknown[]): Admission {
  const objects: IstioObject[] = [];
  const findings = values.flatMap((given, index): readonly ObjectFinding[] => {
    const value = asStored(given);
    const shape = shapeFindings(value, objectName(value, index));
    if (!isWellShaped(value, shape)) return shape;
    objects.push(value);
    const report = reportOn(value);
    checkObject(value, report);
    return report.findings;
  });
  return { findings, objects };
}

/** As the API server keeps it: without nulls, and an object without a spec is one with an empty one. */
function asStored(given: unknown): unknown {
  if (!isJsonObject(given)) return given;
  const { kind, spec } = given;
  if (spec === undefined || spec === null) return { ...given, spec: {} };
  const schema = isIstioKind(kind) ? specSchemas[kind] : undefined;
  const kept = schema === undefined ? spec : withoutNulls(spec, schema);
  return kept === spec ? given : { ...given, spec: kept };
}

function checkObject(object: IstioObject, report: Report): void {
  checkDryRun(object, report);
  switch (object.kind) {
    case "AuthorizationPolicy":
      checkAuthorizationPolicy(object, report);
      break;
    case "PeerAuthentication":
      checkPeerAuthentication(object, report);
      break;
    case "RequestAuthentication":
      checkRequestAuthentication(object, report);
      break;
    case "VirtualService":
      checkVirtualService(object, report);
      break;
    case "DestinationRule":
      checkDestinationRule(object, report);
      break;
    case "Sidecar":
      checkSidecar(object, report);
      break;
    case "ServiceEntry":
      checkServiceEntry(object, report);
      break;
    case "Gateway":
      checkGateway(object, report);
      break;
    default:
  }
}

function checkPeerAuthentication({ spec }: PeerAuthentication, report: Report): void {
  const { selector, portLevelMtls = {} } = spec;
  const ports = Object.keys(portLevelMtls);
  checkSelector(selector, report);
  if (ports.length > 0 && Object.keys(selector?.matchLabels ?? {}).length === 0) {
    report.error(
      "peer-ports",
      "spec.portLevelMtls",
      "is there without a selector",
      "select the workload whose ports they are",
      "webhook",
    );
  }
  for (const port of ports) {
    if (!/^\d+$/.test(port) || !isPort(Number(port))) {
      report.error(
        "peer-ports",
        `spec.portLevelMtls.${port}`,
        "is no port",
        "write the number of the pods' port",
        "webhook",
      );
    }
  }
}

function objectName(value: unknown, index: number): string {
  if (!isJsonObject(value)) return `object ${String(index)}`;
  const { kind, metadata } = value;
  const { name, namespace } = isJsonObject(metadata) ? metadata : {};
  return `${String(kind)} ${String(namespace ?? "?")}/${String(name ?? "?")}`;
}

function groupOf(apiVersion: string): string {
  return apiVersion.split("/")[0] ?? "";
}

/** API groups of Istio. */
export const istioGroups = ["security.istio.io", "networking.istio.io", "extensions.istio.io", "install.istio.io"];

/** What would be refused of the objects of Istio's kinds, with their places. */
export function admissionFindings({
  objects,
  positions = nowhere,
}: Pick<Manifests, "objects"> & Partial<Manifests>): readonly AdmissionFinding[] {
  const ofMesh = objects.filter(
    ({ apiVersion, kind }) =>
      goneGroups[groupOf(apiVersion)] !== undefined ||
      (istioGroups.includes(groupOf(apiVersion)) && (isIstioKind(kind) || blockedKinds.includes(kind))),
  );
  return asAdmissionFindings(ofMesh, positions, admit(ofMesh).findings, "Istio");
}
