import { isDnsLabel, isDnsSubdomain } from "../../manifests/names";
import { type OsmObject } from "../kinds";
import { type Surroundings } from "./context";
import { type Finding } from "../../analysis/object-finding";

/** Names of object and namespace, and whether OSM looks into that namespace at all. */
export function metadataFindings(object: OsmObject, around: Surroundings): Finding[] {
  const { name, namespace } = object.metadata;
  const findings: Finding[] = [];
  const add = (check: string, path: string, problem: string, remedy: string, refusedBy: Finding["refusedBy"]) =>
    findings.push({
      check,
      severity: "error",
      refusedBy,
      object: `${object.kind} ${namespace}/${name}`,
      path,
      problem,
      remedy,
    });
  const characters = "lower-case letters, digits and -, beginning and ending with a letter or digit";
  if (!isDnsSubdomain(name)) {
    add(
      "name",
      "metadata.name",
      `"${name}" is no valid name`,
      `use at most 253 ${characters}; dots may part it`,
      "schema",
    );
  }
  if (!isDnsLabel(namespace)) {
    add("name", "metadata.namespace", `"${namespace}" is no valid namespace`, `use at most 63 ${characters}`, "schema");
  }
  const isPolicy = object.kind !== "MeshConfig" && object.kind !== "MeshRootCertificate";
  if (isPolicy && !around.isOnboarded(namespace)) {
    add(
      "namespace-onboarded",
      "metadata.namespace",
      `namespace ${namespace} is not onboarded, so OSM ignores the object and its webhook does not check it`,
      `onboard the namespace (label openservicemesh.io/monitored-by: osm): add it to \`namespaces\``,
      "nobody",
    );
  }
  return findings;
}
