import { type DiagnosticEvent, type EngineEvent, type StepEventMetadata } from "@pulumi/pulumi/automation";
import { errorsInRefusal } from "../components/mesh-policies/refusal";
import { isJsonObject } from "../mesh/manifests";
import { type EngineError } from "./provider-output";
import { hidden } from "./published-state";
import { type Plan, type PlannedChange } from "./report";

/** A resource as the engine tells of it. */
export interface EngineResource {
  readonly urn: string;
  readonly type: string;
  /** Whether a provider makes it; components are made by nobody. */
  readonly custom: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What the engine said while it previewed or updated a stack. */
export interface EngineLog {
  readonly plan: Plan;
  /** The resources that there are afterwards. */
  readonly resources: readonly EngineResource[];
  /**
   * Whether the program came to its end, so that these are all resources. One that is refused for its policies does; of any other error nobody
   * can tell.
   */
  readonly whole: boolean;
  /** Errors, each as the engine, a provider or the program said it: see ./provider-output for what of them may be shown. */
  readonly errors: readonly EngineError[];
}

/** Collects what the engine says. Give `listen` to the engine, then read the log. */
export function engineLog(): { listen(event: EngineEvent): void; log(): EngineLog } {
  const steps = new Map<string, PlannedChange & { readonly resource?: EngineResource }>();
  const resources = new Map<string, EngineResource>();
  const errors: EngineError[] = [];
  let unchanged = 0;
  // Nothing is known to change but what was a secret, and so is not in the published state.
  const unpublished = new Set<string>();
  return {
    listen({ resourcePreEvent, diagnosticEvent }) {
      if (diagnosticEvent?.severity === "error" && diagnosticEvent.ephemeral !== true) {
        errors.push(errorOf(diagnosticEvent));
      }
      if (resourcePreEvent === undefined) return;
      const { op, urn, type } = resourcePreEvent.metadata;
      // The engine writes null where its types say that nothing is there.
      const [before, now] = [resourcePreEvent.metadata.old ?? undefined, resourcePreEvent.metadata.new ?? undefined];
      if (now !== undefined && op !== "delete") {
        resources.set(urn, { urn, type, custom: now.custom ?? false, inputs: now.inputs ?? {} });
      }
      if (op === "same" && !isDefaultProvider(type, urn.split("::").at(-1) ?? "")) unchanged += 1;
      const kind = kindOf(op);
      if (kind === undefined || type === "pulumi:pulumi:Stack") return;
      // A replacement is told in three steps, of which not all say what differs.
      if (steps.get(urn)?.properties !== undefined || unpublished.has(urn)) return;
      const told = differing(resourcePreEvent.metadata);
      const properties = told.filter((property) => !isUnpublished(before?.inputs, property));
      if (told.length > 0 && properties.length === 0) {
        steps.delete(urn);
        unpublished.add(urn);
        return;
      }
      const change = {
        op: kind,
        type,
        name: urn.split("::").at(-1) ?? urn,
        ...(kind !== "create" && kind !== "delete" && properties.length > 0 && { properties }),
      };
      steps.set(urn, { ...change, noise: isNoise(change, (now ?? before)?.custom) });
    },
    log: () => ({
      plan: { changes: [...steps.values()], unchanged: unchanged + unpublished.size },
      resources: [...resources.values()],
      whole: errors.length === 0 || isRefused(errors),
      errors,
    }),
  };
}

/** Whether policies are all that speaks against a program: it says in its last word how many errors it has shown of them. */
function isRefused(errors: readonly EngineError[]): boolean {
  const counts = errors.map(({ message }) => errorsInRefusal(message)).filter((count) => count !== undefined);
  return counts.length > 0 && counts.reduce((sum, count) => sum + count, counts.length) === errors.length;
}

/** Whether a resource is a provider that the engine makes by itself: Pulumi does not count those. */
export function isDefaultProvider(type: string, name: string): boolean {
  return type.startsWith("pulumi:providers:") && /^default(_|$)/.test(name);
}

function errorOf({ message, urn = "" }: DiagnosticEvent): EngineError {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.split("$").at(-1) ?? "";
  return {
    message: message.replace(/<\{%[^%]*%\}>/g, "").trim(),
    ...(type !== "" && type !== "pulumi:pulumi:Stack" && { resource: { type, name } }),
  };
}

/** Paths of the properties that a step changes. Providers need not say them: then those of the inputs that differ. */
function differing({ detailedDiff, diffs, old: before, new: now }: StepEventMetadata): readonly string[] {
  const detailed = Object.keys(detailedDiff ?? {});
  if (detailed.length > 0) return detailed;
  if (diffs !== undefined && diffs.length > 0) return diffs;
  // The engine writes null where its types say that nothing is there.
  const [earlier, later] = [before?.inputs ?? {}, now?.inputs ?? {}];
  if (!before || !now) return [];
  const keys = [...new Set([...Object.keys(earlier), ...Object.keys(later)])];
  return keys.filter((key) => JSON.stringify(earlier[key]) !== JSON.stringify(later[key]));
}

/** Whether a property was a secret that the published state does not have: whether it changes cannot be told. */
function isUnpublished(inputs: unknown, property: string): boolean {
  let value = inputs;
  for (const part of property.split(/[.[\]"]+/).filter((one) => one !== "")) {
    if (isJsonObject(value)) value = value[part];
    else if (Array.isArray(value)) value = value[Number(part)] as unknown;
  }
  if (typeof value === "string") return value.includes(hidden);
  return isJsonObject(value) && Object.values(value).length > 0 && Object.values(value).every((one) => one === hidden);
}

function kindOf(op: string): PlannedChange["op"] | undefined {
  switch (op) {
    case "create":
    case "import":
      return "create";
    case "update":
    case "delete":
      return op;
    case "replace":
    case "create-replacement":
    case "delete-replaced":
      return "replace";
    default:
      return undefined;
  }
}

/** Tags and annotations that say which commit runs, and how long: they change with every push. */
const previewTag = /^(tags|metadata\.annotations)\b.*\b(commit|expires|owner|pull-request)\b/;

/**
 * Whether a reviewer learns nothing from a change: components, which are only names for what they hold, providers, and updates
 * of nothing but such tags.
 */
function isNoise({ op, type, properties = [] }: Omit<PlannedChange, "noise">, custom: boolean | undefined): boolean {
  if (custom === false || type.startsWith("pulumi:providers:")) return true;
  return op === "update" && properties.length > 0 && properties.every((property) => previewTag.test(property));
}
