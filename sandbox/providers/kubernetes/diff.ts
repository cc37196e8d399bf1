import { annotation, isAnnotated } from "./annotations";
import { readinessOf } from "./await";
import { isNamespaced } from "./check";
import { referenceOf } from "./client/cluster";
import { stringAt, type JsonObject } from "./client/json";
import { compare, leavesAsIs, touches, type Difference } from "./compare";
import { fieldManager } from "./field-manager";
import { immutableFields } from "./immutable-fields";
import { resourceKind } from "./kinds";
import { containsUnknowns, knownPart, liveObject, memberOf, toInputs, toJson, type Inputs } from "./properties";
import { pruneToInputs } from "./prune";
import type { Session } from "./session";
import { manifestOf } from "./manifest";
import { formatPropertyPath, type DiffRequest, type DiffResult, type PropertyDiff } from "../protocol";

/** Compares the wanted object with the live one as the state knows it. */
export async function diffResource(session: Session, request: DiffRequest): Promise<DiffResult> {
  const live = liveObject(request.oldOutputs);
  const wanted = toInputs(request.newInputs);
  const kind = resourceKind(request.type, knownPart(wanted));
  const before = pruneToInputs(live, toInputs(request.oldInputs));
  await alignNames(session, before, wanted, live, request);

  const all = compare(before, wanted).filter(
    ({ path }) => !request.ignoreChanges.some((ignored) => isBelow(formatPropertyPath(path), ignored)),
  );
  const differences = all.length === 0 ? all : await confirm(session, all, wanted, request);
  const known = knownPart(wanted);
  const fields = immutableFields(kind, known["immutable"] === true, session.configuration);
  const detailedDiff = Object.fromEntries(
    differences.map((difference): [string, PropertyDiff] => [
      formatPropertyPath(difference.path),
      {
        kind: touches(difference, fields) ? `${difference.kind}-replace` : difference.kind,
        inputDiff: difference.kind === "delete",
      },
    ]),
  );
  if (await mustReplaceUnready(session, known, live)) {
    detailedDiff['metadata.annotations["pulumi.com/replaceUnready"]'] = { kind: "update-replace" };
  }
  const replaces = Object.values(detailedDiff).some(({ kind: change }) => change.endsWith("-replace"));
  return {
    changes: Object.keys(detailedDiff).length === 0 ? "none" : "some",
    detailedDiff,
    deleteBeforeReplace:
      replaces &&
      annotation(known, "autonamed") !== "true" &&
      stringAt(known, "metadata", "name") === stringAt(live, "metadata", "name") &&
      (stringAt(known, "metadata", "namespace") ?? "") === (stringAt(live, "metadata", "namespace") ?? ""),
  };
}

/** Names and namespaces that say the same in other words are no difference. */
async function alignNames(
  session: Session,
  before: JsonObject,
  wanted: Inputs,
  live: JsonObject,
  request: DiffRequest,
): Promise<void> {
  before["apiVersion"] ??= live["apiVersion"] ?? "";
  before["kind"] ??= live["kind"] ?? "";
  const kind = resourceKind(request.type, knownPart(wanted));
  wanted["apiVersion"] ??= kind.apiVersion;
  wanted["kind"] ??= kind.kind;
  const metadata = memberOf(wanted, "metadata");
  const oldMetadata = memberOf(before, "metadata");
  if (metadata === undefined || oldMetadata === undefined) return;
  delete metadata["resourceVersion"];
  const liveName = stringAt(live, "metadata", "name");
  if (liveName !== undefined) oldMetadata["name"] = liveName;
  if (await isNamespaced(session, kind)) {
    oldMetadata["namespace"] = stringAt(live, "metadata", "namespace") ?? "default";
    metadata["namespace"] ??= "default";
  } else {
    delete oldMetadata["namespace"];
    delete metadata["namespace"];
  }
}

/**
 * Lets the server say which of the differences an apply would make: it rewrites some values (defaults, quantities, admission
 * webhooks), which is no change. Where the server cannot be asked, or says no, all of them stay: the update will tell.
 */
async function confirm(
  session: Session,
  differences: Difference[],
  wanted: Inputs,
  request: DiffRequest,
): Promise<Difference[]> {
  if (containsUnknowns(wanted) || (await session.unreachable()) !== undefined) return differences;
  let result: JsonObject;
  try {
    result = await session.objects.apply(await manifestOf(session, toJson(wanted)), {
      fieldManager: fieldManager(knownPart(wanted), request.oldOutputs),
      force: true,
      dryRun: true,
    });
  } catch {
    return differences;
  }
  const pruned = pruneToInputs(result, wanted);
  return differences.filter((difference) => !leavesAsIs(difference.kind === "delete" ? result : pruned, difference));
}

function isBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}.`) || path.startsWith(`${ancestor}[`);
}

/** A Job with the annotation `replaceUnready` that has failed is made anew. */
async function mustReplaceUnready(session: Session, wanted: JsonObject, live: JsonObject): Promise<boolean> {
  if (!isAnnotated(wanted, "replaceUnready") || wanted["kind"] !== "Job") return false;
  if ((await session.unreachable()) !== undefined) return false;
  try {
    const current = await session.objects.get(referenceOf(live));
    const readiness = await readinessOf(session.objects, current);
    return readiness !== undefined && !readiness.ready;
  } catch {
    // A Job that is gone or cannot be read is not this annotation's matter.
    return false;
  }
}
