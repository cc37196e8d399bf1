import { type Exit } from "./engine";

/** What the program's outputs say about a stack that is up. */
interface Outputs {
  readonly clusterName?: string;
  readonly resourceGroupName?: string;
  readonly meshVersion?: string;
  /** Istio's revision in the cluster, as `asm-1-29`; none where the mesh is Open Service Mesh. */
  readonly meshRevision?: string;
  readonly namespaces?: readonly string[];
  /** The stage of a move from one mesh to the other. */
  readonly meshMigration?: string;
  /** Where people begin, inside the cluster. */
  readonly front?: string;
  /** `caller → service:port`, then what passes and what answers it; none between two meshes. */
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

function accessTable(access: NonNullable<Outputs["access"]>): string {
  const lines = Object.entries(access).flatMap(accessLines);
  return [
    "Who may call whom, as the analysis of policies and workloads tells:",
    table([["CALLER", "SERVICE", "MAY SEND", "ANSWERED BY"], ...lines]),
  ].join("\n");
}

/** The mesh in words, and the kind of its objects that say who may call whom. */
function meshOf({ meshVersion, meshRevision, meshMigration }: Outputs): {
  readonly title: string;
  readonly policies: string | undefined;
} {
  if (meshMigration !== undefined) return { title: `between two meshes (${meshMigration})`, policies: undefined };
  return meshRevision === undefined
    ? { title: `OSM ${meshVersion}`, policies: "traffictargets" }
    : { title: `Istio ${meshVersion} (${meshRevision})`, policies: "authorizationpolicies" };
}

/** Commands to try, each with what it shows. */
const hints = (rows: readonly (readonly [command: string, what: string])[]): string =>
  table(rows.map(([command, what]) => [`  npm run sandbox -- ${command}`, ` ${what}`]));

/** The text after a successful `up`: the cluster, its policies, who may call whom, and what to try next. */
export function summary(stack: string, stackOutput: Exit): string {
  const outputs = JSON.parse(stackOutput.stdout) as Outputs;
  const { title, policies } = meshOf(outputs);
  return [
    "",
    `Stack ${stack} is up: cluster ${outputs.clusterName} in resource group ${outputs.resourceGroupName}, ${title}.`,
    `Namespaces in the mesh: ${(outputs.namespaces ?? []).join(", ")}`,
    ...(outputs.front === undefined ? [] : [`People begin at ${outputs.front}, inside the cluster.`]),
    "",
    ...(outputs.access === undefined ? [] : [accessTable(outputs.access), ""]),
    "Next:",
    hints([
      [`kubectl get ${policies ?? "pods"} -A`, "what runs in the cluster"],
      ["az aks list -o table", "the real azure-cli against the sandbox"],
      ["preview staging", "what another stack would create"],
      ["destroy", "delete it all again"],
      ["stop", "end every process of the sandbox"],
    ]),
  ].join("\n");
}
