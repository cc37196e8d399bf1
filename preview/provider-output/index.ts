import { shownAnswer } from "./azure";
import { shownByKubernetes } from "./kubernetes";
import { shownWords } from "./program";
import { pulumiShapes } from "./pulumi";
import { shownBy, type ShownLine } from "./shape";

/** An error of which the engine told. */
export interface EngineError {
  /** What failed; absent where it is the program or the engine itself. */
  readonly resource?: {
    /** Pulumi's type token. */
    readonly type: string;
    readonly name: string;
  };
  readonly message: string;
}

/** What a report may have of errors. */
export interface ShownErrors {
  readonly text: string;
  /** Whether something is left out; the text says so, and how to see it. */
  readonly cut: boolean;
}

/** Types whose code is the repository's: its components, and its dynamic resources. */
const ownTypes = /^(?:aks-mesh:index:|pulumi-nodejs:dynamic)/;

/** Whether a provider said an error, or Pulumi's engine on its behalf. */
function isForeign({ resource }: EngineError): boolean {
  return resource !== undefined && !ownTypes.test(resource.type);
}

/**
 * Errors as a report may have them. What providers say can hold anything that a resource has: connection strings, the data of a Secret, a body
 * that was refused. So of that only what a list knows is shown: ./azure, ./kubernetes, ./pulumi; fields of its messages have
 * to have the form of a name, a path or a number.
 *
 * @param isOfEngine the errors are Pulumi's own, of its command line: none of them is the program's.
 */
export function shownErrors(errors: readonly EngineError[], isOfEngine = false): ShownErrors {
  const shown = errors.map((error) => ({
    error,
    lines: isOfEngine || isForeign(error) ? shownForeign(error.message) : shownOwn(error.message),
  }));
  const texts = shown.map(({ error, lines }) => titleOf(error) + lines.map(({ text }) => text).join("\n"));
  const cut = shown.some(({ lines }) => lines.some((line) => line.cut));
  return { text: [...texts, ...(cut ? [notShown] : [])].join("\n\n"), cut };
}

/** What stands where something is left out: how to see it. */
const notShown =
  "Where … stands, something is not shown that could hold a secret. `npx aks-mesh preview up` on your own machine prints it.";

function titleOf({ resource }: EngineError): string {
  return resource === undefined ? "" : `${resource.type} ${resource.name}: `;
}

/** What the list knows of a provider's lines. Lines next to each other that it does not know are one `…`. */
function shownForeign(message: string): readonly ShownLine[] {
  const lines = message.trim().split("\n").map(shownLine);
  return lines.filter((line, index) => line !== unknown || lines[index - 1] !== unknown);
}

const unknown: ShownLine = { text: "…", cut: true };

function shownLine(line: string): ShownLine {
  return line.trim() === ""
    ? { text: "", cut: false }
    : (shownAnswer(line) ?? shownBy(pulumiShapes, line) ?? shownByKubernetes(line) ?? unknown);
}

/** What Pulumi itself or the program says. */
function shownOwn(message: string): readonly ShownLine[] {
  const lines = message.trimEnd().split("\n");
  const known = lines.map((line) => shownBy(pulumiShapes, line));
  return known.every((line) => line !== undefined) ? known : shownWords(message);
}
