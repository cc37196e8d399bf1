import {
  type AccessChange,
  changeTitles,
  describeRequest,
  diff,
  DiffTooLarge,
  provedExtentOf,
  shareChanges,
} from "../mesh";
import { verdictJson } from "./decide";
import { outcomeText } from "./explain";
import { loadMesh, sourceOptions } from "./load";
import { readOptions } from "./options";
import { diffPicture } from "./picture/changes";
import { pictureHtml } from "./picture/html";
import { writePicture } from "./picture/write";
import { schemaOf } from "./schemas";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { watchOption } from "./watch";

const options = {
  ...sourceOptions,
  ...watchOption,
  json: { type: "boolean" },
  html: { type: "string" },
  "exit-code": { type: "boolean" },
} as const;

/** `aks-mesh diff BEFORE AFTER`: what a change opens and closes. */
export async function diffCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  const { context, namespace, mesh } = values;
  if (positionals.length !== (context === undefined ? 2 : 1)) {
    throw new UsageError("diff wants two files or directories: BEFORE AFTER; or --context NAME and AFTER.");
  }
  const after = { files: positionals.slice(-1), namespace, mesh };
  const before =
    context === undefined ? { files: positionals.slice(0, 1), namespace, mesh } : { files: [], context, mesh };
  let changes: readonly AccessChange[];
  let extent: string;
  try {
    const meshes = [await loadMesh(terminal, before), await loadMesh(terminal, after)] as const;
    changes = diff(...meshes);
    extent = provedExtentOf(...meshes);
    if (values.html !== undefined) {
      writePicture(terminal, values.html, diffPicture(...meshes, changes, extent), pictureHtml);
    }
  } catch (error) {
    if (error instanceof DiffTooLarge) throw new UsageError(error.message);
    throw error;
  }
  if (values.json === true) {
    const report = { $schema: schemaOf("diff"), extent, changes: changes.map(changeJson) };
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  } else if (values.html === undefined) terminal.out(describeChanges(changes, terminal, extent));
  return values["exit-code"] === true && changes.length > 0 ? 1 : 0;
}

/** A change as data, see schemas/v1/diff.json. */
export function changeJson(change: AccessChange): unknown {
  const { before, after } = change;
  return { ...change, ...(before && { before: verdictJson(before) }), ...(after && { after: verdictJson(after) }) };
}

/** Changes as text; where there is none, what that is proved of. */
function describeChanges(changes: readonly AccessChange[], { paint }: Terminal, extent: string): string {
  if (changes.length === 0) return `No change: proved ${extent}\n`;
  const lines: string[] = [];
  for (const change of changes) {
    const sign =
      change.kind === "opens" ? paint.bad("+") : change.kind === "closes" ? paint.good("-") : paint.warn("~");
    lines.push(`${sign} ${paint.bold(changeTitles[change.kind])}: ${change.from} → ${change.to}`);
    if (change.request !== undefined) lines.push(`    ${describeRequest(change.request)}`);
    if (change.before !== undefined && change.after !== undefined) {
      const shares = change.kind === "shares" ? shareChanges(change.before, change.after) : [];
      if (shares.length > 0) lines.push(`    ${shares.join(", ")}`);
      else lines.push(`    was ${outcomeText(change.before, paint)}, is ${outcomeText(change.after, paint)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
