import { type Exit } from "./engine";

/** What the program's outputs say about a stack that is up. */
interface Outputs {
  readonly clusterName?: string;
  readonly resourceGroupName?: string;
  readonly mesh?: string;
  readonly namespaces?: readonly string[];
  readonly access?: readonly AccessRow[];
}

/** One line of the program's `access` output: who may call whom, and how. */
interface AccessRow {
  readonly from: string;
  readonly to: string;
  readonly allows: string;
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

/** The text after a successful `up`: the cluster, its policies, who may call whom, and what to try next. */
export function summary(stack: string, stackOutput: Exit): string {
  const outputs = JSON.parse(stackOutput.stdout) as Outputs;
  const access = outputs.access ?? [];
  return [
    "",
    `Stack ${stack} is up: cluster ${outputs.clusterName} in resource group ${outputs.resourceGroupName}, mesh ${outputs.mesh}.`,
    `Namespaces in the mesh: ${(outputs.namespaces ?? []).join(", ")}`,
    "",
    "Who may call whom, as the mesh's objects say:",
    table([["CALLER", "SERVICE ACCOUNT", "ALLOWED"], ...access.map(({ from, to, allows }) => [from, to, allows])]),
    "",
    "Next:",
    "  npm run sandbox -- kubectl get traffictargets -A     what runs in the cluster",
    "  npm run sandbox -- az aks list -o table              the real azure-cli against the sandbox",
    "  npm run sandbox -- preview staging                   what another stack would create",
    "  npm run sandbox -- destroy                           delete it all again",
    "  npm run sandbox -- stop                              end every process of the sandbox",
  ].join("\n");
}
