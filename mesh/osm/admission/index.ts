import { type OsmKind, type OsmObject, osmKinds } from "../kinds";
import { acrossFindings } from "./across";
import { type AdmissionContext, surroundingsOf } from "./context";
import { type Finding } from "../../analysis/object-finding";
import { metadataFindings } from "./metadata";
import { kindFindings } from "./rules";
import { schemaProblems, withoutNulls } from "../../manifests/schema";
import { specSchemas } from "./schemas";

export type { AdmissionContext } from "./context";
export * from "../../analysis/object-finding";

/** Result of {@link admit}. */
export interface Admission {
  /** All that is wrong: object by object in the order given, then what is wrong between them. */
  readonly findings: readonly Finding[];
  /** The objects that have the shape of their kind, in the order given. */
  readonly objects: readonly OsmObject[];
}

/** Whether a value is an object with keys. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a text names one of the ten kinds. */
function isOsmKind(kind: unknown): kind is OsmKind {
  return typeof kind === "string" && Object.hasOwn(osmKinds, kind);
}

/** What a person would call an object. */
function objectName(value: unknown, index: number): string {
  if (isRecord(value) && isRecord(value["metadata"])) {
    const { name, namespace } = value["metadata"];
    return `${String(value["kind"])} ${String(namespace ?? "?")}/${String(name ?? "?")}`;
  }
  return `object ${index}`;
}

/** Findings about the shape of one object: what the API server would refuse by the kind's schema. */
function shapeFindings(value: unknown, name: string): Finding[] {
  const finding = (path: string, problem: string, remedy: string): Finding => ({
    check: "schema",
    severity: "error",
    refusedBy: "schema",
    object: name,
    path,
    problem,
    remedy,
  });
  if (!isRecord(value)) {
    return [finding("", "this is no object", "write apiVersion, kind, metadata and spec")];
  }
  const { kind, apiVersion, metadata, spec } = value;
  if (!isOsmKind(kind)) {
    const known = Object.keys(osmKinds).join(", ");
    return [finding("kind", `${JSON.stringify(kind)} is not a kind of OSM`, `write one of ${known}`)];
  }
  const findings: Finding[] = [];
  const served = osmKinds[kind].apiVersion;
  if (apiVersion !== served) {
    findings.push(finding("apiVersion", `OSM 1.2 does not serve ${JSON.stringify(apiVersion)}`, `write ${served}`));
  }
  for (const key of ["name", "namespace"] as const) {
    if (!isRecord(metadata) || typeof metadata[key] !== "string" || metadata[key] === "") {
      findings.push(
        finding(`metadata.${key}`, "is missing", `name the ${key === "name" ? "object" : "namespace it belongs to"}`),
      );
    }
  }
  if (spec === undefined) {
    // The CRDs do not require it, so the API server would take the object. The webhook misses the namespace of a TrafficTarget's destination.
    const missing = finding("spec", "is missing", "without it OSM reads nothing from the object");
    return [...findings, { ...missing, refusedBy: kind === "TrafficTarget" ? "webhook" : "nobody" }];
  }
  return [
    ...findings,
    ...schemaProblems(spec, specSchemas[kind], "spec").map(({ path, problem, remedy }) =>
      finding(path, problem, remedy),
    ),
  ];
}

/** As the API server keeps it, without nulls. */
function asStored(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { kind, spec } = value;
  if (spec === null) return { ...value, spec: undefined };
  const kept = isOsmKind(kind) ? withoutNulls(spec, specSchemas[kind]) : spec;
  return kept === spec ? value : { ...value, spec: kept };
}

/** Whether an object has the shape of its kind. */
function isWellShaped(value: unknown, findings: readonly Finding[]): value is OsmObject {
  return isRecord(value) && findings.length === 0;
}

/**
 * Checks objects as a whole, before anything is applied: the kinds' schemas, all that OSM's validating webhook refuses, and
 * what both let through though OSM then ignores it or traffic fails.
 *
 * @param given plain objects, from anywhere.
 */
export function admit(given: readonly unknown[], context: AdmissionContext = {}): Admission {
  const values = given.map(asStored);
  const objects: OsmObject[] = [];
  const shapes = values.map((value, index) => {
    const findings = shapeFindings(value, objectName(value, index));
    if (isWellShaped(value, findings)) {
      objects.push(value);
    }
    return findings;
  });
  const around = surroundingsOf(objects, context);
  const findings = values.flatMap((value, index) => {
    const shape = shapes[index] ?? [];
    return isWellShaped(value, shape) ? [...metadataFindings(value, around), ...kindFindings(value, around)] : shape;
  });
  return { findings: [...findings, ...acrossFindings(objects, around)], objects };
}
