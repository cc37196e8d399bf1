/** A place in a manifest file. Lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Keys and indexes that lead from an object to one of its values. */
export type ValuePath = readonly (string | number)[];

/** How much a {@link Problem} weighs. */
export type Severity = "error" | "warning";

/** Something wrong with a manifest, said to a person. */
export interface Problem {
  readonly severity: Severity;
  /** What is wrong and what to write instead. */
  readonly message: string;
  /** `TrafficTarget shop/buyers` where the problem belongs to an object. */
  readonly object?: string;
  /** Property path inside the object, as `spec.rules[0].kind`. */
  readonly property?: string;
  readonly position?: Position;
}

/** `file:line:column`. */
export function formatPosition(position: Position): string {
  return `${position.file}:${position.line}:${position.column}`;
}

/** `spec.rules[0].kind`. */
export function formatPath(path: ValuePath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The steps of {@link formatPath}'s text. */
export function parsePath(text: string): ValuePath {
  const steps: (string | number)[] = [];
  for (const [, index, quoted, name] of text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)) {
    if (index !== undefined) steps.push(Number(index));
    else if (quoted !== undefined) steps.push(String(JSON.parse(quoted)));
    else if (name !== undefined) steps.push(name);
  }
  return steps;
}

/** One line: place, severity, object, property, message. */
export function formatProblem(problem: Problem): string {
  const place = problem.position === undefined ? "" : `${formatPosition(problem.position)}: `;
  const subject = [problem.object, problem.property].filter((part) => part !== undefined).join(" ");
  return `${place}${problem.severity}: ${subject === "" ? "" : `${subject}: `}${problem.message}`;
}
