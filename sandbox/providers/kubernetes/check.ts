import { createHash, randomBytes } from "node:crypto";
import { annotations } from "./annotations";
import { stringAt } from "./client/json";
import { knownScope, resourceKind, type ResourceKind } from "./kinds";
import { normalize } from "./normalize";
import { knownPart, memberOf, toInputs, toProperties, type Inputs } from "./properties";
import { removedIn } from "./removed-versions";
import type { Session } from "./session";
import { unsupported } from "./unsupported";
import { unknown, type CallContext, type CheckFailure, type CheckRequest, type CheckResult } from "../protocol";

/** Fills in what inputs leave out (apiVersion, kind, name, namespace) and refuses what cannot be created. */
export async function checkInputs(session: Session, request: CheckRequest, context: CallContext): Promise<CheckResult> {
  const refusal = unsupported(request.type);
  if (refusal !== undefined) return { inputs: request.newInputs, failures: [{ property: "", reason: refusal }] };

  const inputs = await normalize(withKind(toInputs(request.newInputs), request.type));
  const oldInputs = toInputs(request.oldInputs);
  const kind = resourceKind(request.type, knownPart(inputs));
  const removed = removedIn(kind, await session.serverVersion());
  if (removed !== undefined) context.log.warning(removed);
  const failures = checkMetadata(inputs);
  if (failures.length === 0) {
    failures.push(...assignName(inputs, oldInputs, kind, request));
    await assignNamespace(session, inputs, kind);
  }
  return { inputs: toProperties(inputs, request.newInputs), failures };
}

function withKind(inputs: Inputs, type: string): Inputs {
  const { apiVersion, kind } = resourceKind(type, knownPart(inputs));
  return { apiVersion, kind, ...inputs };
}

function checkMetadata(inputs: Inputs): CheckFailure[] {
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
  if (fields["generateName"] !== undefined && fields["name"] === undefined) {
    failures.push({
      property: "metadata.generateName",
      reason: "not possible with server-side apply; leave out the name and Pulumi makes one, or write metadata.name",
    });
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

  const ownAnnotations = memberOf(metadata, "annotations");
  if (ownAnnotations !== undefined) ownAnnotations[annotations.autonamed] = "true";
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
