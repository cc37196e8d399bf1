import { isJsonObject, type KubernetesObject, type Manifests, nowhere } from "../manifests";
import { isDnsLabel, isDnsSubdomain } from "../manifests/names";
import { nearNames } from "../manifests/near-names";
import { asAdmissionFindings } from "./admission-findings";
import { type AdmissionFinding } from "./finding";
import { type Report, reportOn } from "./object-report";

type Given = Pick<Manifests, "objects"> & Partial<Manifests>;

/** A kind that a mesh reads. */
interface Known {
  readonly apiVersion: string;
}

/** API groups of Kubernetes' own, none of which has kinds of a mesh. */
const ownGroups =
  /^(?:|apps|batch|autoscaling|policy|(?:networking|discovery|rbac\.authorization|gateway\.networking)\.k8s\.io)$/;

/** Workloads whose selector has to match their own pods. */
const workloadKinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];

/** Kinds of Kubernetes' own whose names are held against its rules here. */
const namedKinds = new Set([
  ...workloadKinds,
  "Namespace",
  "ServiceAccount",
  "Pod",
  "Job",
  "CronJob",
  "Ingress",
  "NetworkPolicy",
]);

/**
 * What the API server refuses, whatever the mesh: names, ports and selectors of Kubernetes' own kinds, names of the mesh's, and kinds of
 * the mesh in an API group that has none of that name.
 *
 * @param kinds those of the mesh.
 * @param groups API groups whose objects' names are held against the rules.
 */
export function clusterObjectFindings(
  { objects, positions = nowhere }: Given,
  kinds: Readonly<Record<string, Known>>,
  groups: readonly string[] = [],
): readonly AdmissionFinding[] {
  const looked: KubernetesObject[] = [];
  const findings = objects.flatMap((object) => {
    const { kind, metadata } = object;
    const report = reportOn({ kind, metadata: { ...metadata, namespace: metadata.namespace ?? "default" } });
    const group = groupOf(object.apiVersion);
    const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (known !== undefined && groupOf(known.apiVersion) !== group) checkGroup(object, known, report);
    else if (group === "" && kind === "Service") checkService(object, report);
    else if (ownGroups.test(group) && namedKinds.has(kind)) {
      checkName(object, report);
      if (workloadKinds.includes(kind)) checkWorkload(object, report);
    } else if (groups.includes(group)) checkName(object, report);
    if (report.findings.length > 0) looked.push(object);
    return report.findings;
  });
  return asAdmissionFindings(looked, positions, findings, "The mesh");
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

/** Another project may have a kind of the same name; a group that is near, or Kubernetes' own, is a slip. */
function checkGroup({ kind, apiVersion }: KubernetesObject, known: Known, report: Report): void {
  const group = groupOf(apiVersion);
  const isSlip = ownGroups.test(group)
    ? kind !== "Gateway" && kind !== "TCPRoute"
    : nearNames(group, [groupOf(known.apiVersion)]).length > 0;
  if (!isSlip) return;
  refuse(
    report,
    "schema",
    "apiVersion",
    `${JSON.stringify(apiVersion)} has no kind ${kind}, so that nobody reads the object`,
    `write ${known.apiVersion}`,
  );
}

function refuse(report: Report, check: string, path: string, problem: string, remedy: string): void {
  report.error(check, path, problem, remedy, "schema");
}

const characters = "lower-case letters, digits and -, beginning and ending with a letter or digit";

/** An object's name; of one with `generateName` alone, as the API server may complete it. */
function nameOf({ metadata }: KubernetesObject): string {
  return "generateName" in metadata ? metadata.name.replace(/\*$/, "12345") : metadata.name;
}

function checkName(object: KubernetesObject, report: Report): void {
  const { kind } = object;
  const { namespace } = object.metadata;
  const name = nameOf(object);
  const isValid = kind === "Namespace" ? isDnsLabel(name) : isDnsSubdomain(name);
  if (!isValid) {
    const dots = kind === "Namespace" ? "" : "; dots may part it";
    refuse(report, "name", "metadata.name", `${JSON.stringify(name)} is no valid name`, `use ${characters}${dots}`);
  }
  if (namespace !== undefined && kind !== "Namespace" && !isDnsLabel(namespace)) {
    refuse(
      report,
      "name",
      "metadata.namespace",
      `${JSON.stringify(namespace)} is no valid namespace`,
      `use at most 63 ${characters}`,
    );
  }
}

/** Names of ports of pods: at most 15 characters (RFC 6335). */
function isPortName(name: string): boolean {
  return /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
}

const portNameRemedy = "use at most 15 lower-case letters, digits and -, at least one of them a letter";

function checkService(object: KubernetesObject, report: Report): void {
  const name = nameOf(object);
  if (!isDnsLabel(name) || !/^[a-z]/.test(name)) {
    const remedy =
      "use at most 63 lower-case letters, digits and -, beginning with a letter and ending with a letter or digit";
    refuse(report, "name", "metadata.name", `${JSON.stringify(name)} is no valid name of a Service`, remedy);
  }
  const spec: unknown = Reflect.get(object, "spec");
  const ports = listOf(isJsonObject(spec) ? spec["ports"] : undefined);
  const names = new Map<unknown, number>();
  const numbers = new Map<string, number>();
  ports.forEach((port, index) => {
    const { name: called, protocol = "TCP", port: number, targetPort } = port;
    const path = `spec.ports[${String(index)}]`;
    if (called === undefined && ports.length > 1) {
      refuse(
        report,
        "service-port",
        `${path}.name`,
        "is missing, and a Service with several ports names each",
        "write a name",
      );
    }
    if (typeof called === "string" && !isDnsLabel(called)) {
      refuse(
        report,
        "service-port",
        `${path}.name`,
        `${JSON.stringify(called)} is no valid name of a port`,
        `use ${characters}`,
      );
    }
    const same = called === undefined ? undefined : names.get(called);
    if (same !== undefined) {
      refuse(
        report,
        "service-port",
        `${path}.name`,
        `${JSON.stringify(called)} is the name of ports[${String(same)}] too`,
        "write another",
      );
    }
    names.set(called, index);
    const key = `${String(protocol)} ${String(number)}`;
    const twice = numbers.get(key);
    if (twice !== undefined) {
      refuse(
        report,
        "service-port",
        `${path}.port`,
        `${String(number)} is that of ports[${String(twice)}] too`,
        "write another, or take one of them out",
      );
    }
    numbers.set(key, index);
    if (typeof targetPort === "string" && !isPortName(targetPort)) {
      const remedy = /^\d+$/.test(targetPort) ? `write ${targetPort} without quotes` : portNameRemedy;
      refuse(
        report,
        "service-port",
        `${path}.targetPort`,
        `${JSON.stringify(targetPort)} is no name of a port`,
        remedy,
      );
    }
  });
}

function checkWorkload(object: KubernetesObject, report: Report): void {
  const spec: unknown = Reflect.get(object, "spec");
  if (!isJsonObject(spec)) return;
  const template = isJsonObject(spec["template"]) ? spec["template"] : {};
  const metadata = isJsonObject(template["metadata"]) ? template["metadata"] : {};
  const labels = isJsonObject(metadata["labels"]) ? metadata["labels"] : {};
  const selector =
    isJsonObject(spec["selector"]) && isJsonObject(spec["selector"]["matchLabels"])
      ? spec["selector"]["matchLabels"]
      : {};
  for (const [label, value] of Object.entries(selector)) {
    if (labels[label] === value) continue;
    const has = labels[label] === undefined ? "lacks" : `has ${JSON.stringify(labels[label])} for`;
    const problem = `asks for ${label}=${String(value)}, and the template's own pod ${has} that label`;
    refuse(
      report,
      "workload-selector",
      "spec.selector.matchLabels",
      problem,
      "write labels that spec.template.metadata.labels has",
    );
  }
  const pod = isJsonObject(template["spec"]) ? template["spec"] : {};
  listOf(pod["containers"]).forEach((container, at) => {
    listOf(container["ports"]).forEach((port, index) => {
      const { name } = port;
      if (typeof name !== "string" || isPortName(name)) return;
      const path = `spec.template.spec.containers[${String(at)}].ports[${String(index)}].name`;
      refuse(report, "container-port", path, `${JSON.stringify(name)} is no valid name of a port`, portNameRemedy);
    });
  });
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
