import { type Finding, type RefusedBy } from "./object-finding";

/** Collects findings about one object. */
export interface Report {
  readonly findings: Finding[];
  /** Something that is refused, ignored, or fails as soon as traffic comes. */
  error(check: string, path: string, problem: string, remedy: string, refusedBy?: RefusedBy): void;
  /** Something that works, but hardly as meant. */
  warning(check: string, path: string, problem: string, remedy: string): void;
}

/** An object with its name. */
interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** Begins a report about an object. */
export function reportOn({ kind, metadata }: Named): Report {
  const findings: Finding[] = [];
  const object = `${kind} ${metadata.namespace}/${metadata.name}`;
  return {
    findings,
    error: (check, path, problem, remedy, refusedBy = "nobody") =>
      findings.push({ check, severity: "error", refusedBy, object, path, problem, remedy }),
    warning: (check, path, problem, remedy) =>
      findings.push({ check, severity: "warning", refusedBy: "nobody", object, path, problem, remedy }),
  };
}
