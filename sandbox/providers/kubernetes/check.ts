import { createHash, randomBytes } from "node:crypto";
import { annotations } from "./annotations";
import { stringAt } from "./client/json";
import { isListType, knownScope, resourceKind, type ResourceKind } from "./kinds";
import { knownPart, memberOf, toInputs, toProperties, type Inputs } from "./properties";
import type { Session } from "./session";
import { unknown, type CheckFailure, type CheckRequest, type CheckResult } from "../protocol";

/** Fills in what inputs leave out (apiVersion, kind, name, namespace) and refuses what cannot be created. */
export async function checkInputs(session: Session, request: CheckRequest): Promise<CheckResult> {
  const refusal = unsupported(request.type);
  if (refusal !== undefined) return { inputs: request.newInputs, failures: [{ property: "", reason: refusal }] };

  const inputs = toInputs(request.newInputs);
  const oldInputs = toInputs(request.oldInputs);
  const kind = resourceKind(request.type, knownPart(inputs));
  inputs["apiVersion"] ??= kind.apiVersion;
  inputs["kind"] ??= kind.kind;
  const failures = checkMetadata(inputs, kind);
  if (failures.length === 0) {
    failures.push(...assignName(inputs, oldInputs, kind, request));
    await assignNamespace(session, inputs, kind);
  }
  return { inputs: toProperties(inputs, request.newInputs), failures };
}

function unsupported(type: string): string | undefined {
  if (/^kubernetes:helm/.test(type)) {
    return `${type}: Helm is not supported by the sandbox's kubernetes provider; use Kubernetes objects`;
  }
  if (/^kubernetes:kustomize/.test(type)) {
    return `${type}: Kustomize is not supported by the sandbox's kubernetes provider; use Kubernetes objects`;
  }
  if (isListType(type)) {
    return `${type}: lists cannot be created; write the objects one by one`;
  }
  return undefined;
}

/** Members that only the server sets; inputs taken from a live object carry them. */
const serverSet = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

function checkMetadata(inputs: Inputs, kind: ResourceKind): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (inputs["apiVersion"] === "") {
    failures.push({ property: "apiVersion", reason: "missing; write the group and version, as apps/v1" });
  }
  if (inputs["kind"] === "") failures.push({ property: "kind", reason: "missing; write the kind, as Deployment" });
  const { metadata } = inputs;
  if (metadata === unknown || metadata === undefined) return failures;
  const fields = memberOf(inputs, "metadata");
  if (fields === undefined) {
    return [...failures, { property: "metadata", reason: "not an object; write { name, labels, … }" }];
  }
  for (const key of serverSet) delete fields[key];
  if (fields["generateName"] !== undefined && fields["name"] === undefined) {
    failures.push({
      property: "metadata.generateName",
      reason: "not possible with server-side apply; leave out the name and Pulumi makes one, or write metadata.name",
    });
  }
  for (const [property, pattern] of [
    ["name", kind.apiVersion.includes("rbac.authorization") ? /^[^/%]+$/ : /^[a-z0-9]([-a-z0-9.:]*[a-z0-9])?$/],
    ["namespace", /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/],
  ] as const) {
    const value = fields[property];
    if (typeof value === "string" && !pattern.test(value)) {
      failures.push({
        property: `metadata.${property}`,
        reason: `${JSON.stringify(value)} is no valid name; write lower-case letters, digits and dashes`,
      });
    }
  }
  return failures;
}

function assignName(inputs: Inputs, oldInputs: Inputs, kind: ResourceKind, request: CheckRequest): CheckFailure[] {
  const metadata = memberOf(inputs, "metadata");
  if (metadata === undefined || metadata["name"] !== undefined) return [];
  if (kind.patch) {
    return [{ property: "metadata.name", reason: "missing; a Patch resource must name the object that it patches" }];
  }
  const old = knownPart(oldInputs);
  const oldName = stringAt(old, "metadata", "name");
  const wasAutonamed = stringAt(old, "metadata", "annotations", annotations.autonamed) === "true";
  if (wasAutonamed && oldName !== undefined) metadata["name"] = oldName;
  else if (request.autonaming?.mode === "disable") {
    return [{ property: "metadata.name", reason: "missing, and autonaming is disabled; write metadata.name" }];
  } else metadata["name"] = request.autonaming?.proposedName ?? `${request.name}-${randomSuffix(request)}`;

  const marks = memberOf(metadata, "annotations");
  if (marks !== undefined) marks[annotations.autonamed] = "true";
  return [];
}

/** Eight hexadecimal digits; the same for the same seed, so that a plan and its execution agree. */
function randomSuffix({ randomSeed, urn }: CheckRequest): string {
  const seed = randomSeed.length === 0 ? randomBytes(16) : randomSeed;
  return createHash("sha256").update(seed).update(urn).digest("hex").slice(0, 8);
}

async function assignNamespace(session: Session, inputs: Inputs, kind: ResourceKind): Promise<void> {
  const metadata = memberOf(inputs, "metadata");
  if (metadata === undefined || metadata["namespace"] !== undefined) return;
  if (await isNamespaced(session, kind)) metadata["namespace"] = session.configuration.defaultNamespace;
}

/** Whether a kind belongs to namespaces. One that nobody knows yet is a custom resource, and most of them do. */
export async function isNamespaced(session: Session, kind: ResourceKind): Promise<boolean> {
  const known = knownScope(kind);
  if (known !== undefined) return known;
  if ((await session.unreachable()) !== undefined) return true;
  return (await session.objects.isNamespaced(kind.apiVersion, kind.kind)) ?? true;
}
