import { type Exit } from "./engine";

/** What the program's outputs say about a stack that is up. */
interface Outputs {
  readonly clusterName?: string;
  readonly resourceGroupName?: string;
  readonly meshVersion?: string;
  readonly namespaces?: readonly string[];
  readonly access?: readonly AccessRow[];
}

/** One line of the program's `access` output: who may call whom, and how. */
interface AccessRow {
  readonly caller: string;
  readonly callee: string;
  readonly http: readonly string[];
  readonly tcp: readonly string[];
}

/** Aligns cells in columns, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A line for each request or port that a row allows, the names on the first of them only. */
function accessLines({ caller, callee, http, tcp }: AccessRow): string[][] {
  const allowed = [...http, ...tcp.map((port) => `TCP ${port}`)];
  return allowed.map((text, index) => (index === 0 ? [caller, callee, text] : ["", "", text]));
}

/** The text after a successful `up`: the cluster, its policies, who may call whom, and what to try next. */
export function summary(stack: string, stackOutput: Exit): string {
  const outputs = JSON.parse(stackOutput.stdout) as Outputs;
  const access = outputs.access ?? [];
  return [
    "",
    `Stack ${stack} is up: cluster ${outputs.clusterName} in resource group ${outputs.resourceGroupName}, OSM ${outputs.meshVersion}.`,
    `Namespaces in the mesh: ${(outputs.namespaces ?? []).join(", ")}`,
    "",
    "Who may call whom, as the mesh's objects say:",
    table([["CALLER", "SERVICE ACCOUNT", "MAY SEND"], ...access.flatMap(accessLines)]),
    "",
    "Next:",
    "  npm run sandbox -- kubectl get traffictargets -A     what runs in the cluster",
    "  npm run sandbox -- az aks list -o table              the real azure-cli against the sandbox",
    "  npm run sandbox -- preview staging                   what another stack would create",
    "  npm run sandbox -- destroy                           delete it all again",
    "  npm run sandbox -- stop                              end every process of the sandbox",
  ].join("\n");
}
