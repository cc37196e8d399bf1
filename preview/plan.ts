import { type EngineEvent } from "@pulumi/pulumi/automation";
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
  /** Errors, each as the engine or the program said it. */
  readonly errors: readonly string[];
}

/** Collects what the engine says. Give `listen` to the engine, then read the log. */
export function engineLog(): { listen(event: EngineEvent): void; log(): EngineLog } {
  const steps = new Map<string, PlannedChange & { readonly resource?: EngineResource }>();
  const resources = new Map<string, EngineResource>();
  const errors: string[] = [];
  let unchanged = 0;
  return {
    listen({ resourcePreEvent, diagnosticEvent }) {
      if (diagnosticEvent?.severity === "error" && diagnosticEvent.ephemeral !== true) {
        errors.push(diagnosticEvent.message.replace(/<\{%[^%]*%\}>/g, "").trim());
      }
      if (resourcePreEvent === undefined) return;
      const { op, urn, type, diffs, detailedDiff } = resourcePreEvent.metadata;
      // The engine writes null where its types say that nothing is there.
      const [before, now] = [resourcePreEvent.metadata.old ?? undefined, resourcePreEvent.metadata.new ?? undefined];
      if (now !== undefined && op !== "delete") {
        resources.set(urn, { urn, type, custom: now.custom ?? false, inputs: now.inputs ?? {} });
      }
      if (op === "same") unchanged += 1;
      const kind = kindOf(op);
      if (kind === undefined || type === "pulumi:pulumi:Stack") return;
      // A replacement is told in three steps.
      if (steps.get(urn)?.op === "replace") return;
      const properties = Object.keys(detailedDiff ?? {}).length > 0 ? Object.keys(detailedDiff ?? {}) : (diffs ?? []);
      const change = {
        op: kind,
        type,
        name: urn.split("::").at(-1) ?? urn,
        ...(kind !== "create" && kind !== "delete" && properties.length > 0 && { properties }),
      };
      steps.set(urn, { ...change, noise: isNoise(change, (now ?? before)?.custom) });
    },
    log: () => ({ plan: { changes: [...steps.values()], unchanged }, resources: [...resources.values()], errors }),
  };
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
