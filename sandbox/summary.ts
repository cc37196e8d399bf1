import { type Exit } from "./engine";

/** What the program's outputs say about a stack that is up. */
interface Outputs {
  readonly clusterName?: string;
  readonly resourceGroupName?: string;
  readonly meshVersion?: string;
  readonly namespaces?: readonly string[];
  /** Where people begin, inside the cluster. */
  readonly front?: string;
  /** `caller → service:port`, then what passes and what answers it. */
  readonly access?: Readonly<Record<string, Readonly<Record<string, string>>>>;
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

/** A line for each request that passes, the names on the first of them only. */
function accessLines([pair, answers]: [string, Readonly<Record<string, string>>]): string[][] {
  return Object.entries(answers).map(([request, answer], index) => [
    ...(index === 0 ? pair.split(" → ") : ["", ""]),
    request,
    answer === "allowed" ? "" : answer,
  ]);
}

/** The text after a successful `up`: the cluster, its policies, who may call whom, and what to try next. */
export function summary(stack: string, stackOutput: Exit): string {
  const outputs = JSON.parse(stackOutput.stdout) as Outputs;
  const access = Object.entries(outputs.access ?? {});
  return [
    "",
    `Stack ${stack} is up: cluster ${outputs.clusterName} in resource group ${outputs.resourceGroupName}, OSM ${outputs.meshVersion}.`,
    `Namespaces in the mesh: ${(outputs.namespaces ?? []).join(", ")}`,
    ...(outputs.front === undefined ? [] : [`People begin at ${outputs.front}, inside the cluster.`]),
    "",
    "Who may call whom, as the analysis of policies and workloads tells:",
    table([["CALLER", "SERVICE", "MAY SEND", "ANSWERED BY"], ...access.flatMap(accessLines)]),
    "",
    "Next:",
    "  npm run sandbox -- kubectl get traffictargets -A     what runs in the cluster",
    "  npm run sandbox -- az aks list -o table              the real azure-cli against the sandbox",
    "  npm run sandbox -- preview staging                   what another stack would create",
    "  npm run sandbox -- destroy                           delete it all again",
    "  npm run sandbox -- stop                              end every process of the sandbox",
  ].join("\n");
}
