import { annotation, isAnnotated } from "./annotations";
import { readinessOf } from "./await";
import { isNamespaced } from "./check";
import { referenceOf } from "./client/cluster";
import { stringAt, type JsonObject } from "./client/json";
import { compare, touches } from "./compare";
import { immutableFields } from "./immutable-fields";
import { resourceKind } from "./kinds";
import { normalize } from "./normalize";
import { knownPart, liveObject, memberOf, toInputs, type Inputs } from "./properties";
import { pruneLive } from "./prune";
import type { Session } from "./session";
import { formatPropertyPath, type DiffRequest, type DiffResult, type PropertyDiff } from "../protocol";

/** Compares the wanted object with the live one as the state knows it. The server is not asked. */
export async function diffResource(session: Session, request: DiffRequest): Promise<DiffResult> {
  const live = liveObject(request.oldOutputs);
  const wanted = await normalize(toInputs(request.newInputs));
  const kind = resourceKind(request.type, knownPart(wanted));
  const before = pruneLive(live, await normalize(toInputs(request.oldInputs)));
  await alignNames(session, before, wanted, live, request);

  const differences = compare(before, wanted).filter(
    ({ path }) => !request.ignoreChanges.some((ignored) => isBelow(formatPropertyPath(path), ignored)),
  );
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
