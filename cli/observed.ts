import { meshOf, type Observed, observed } from "../mesh";
import { loadManifests, sayProblems, sourceOptions } from "./load";
import { meshNameOf } from "./mesh-name";
import { readOptions } from "./options";
import { seenCalls } from "./prometheus";
import { schemaOf } from "./schemas";
import { type Paint, type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const options = {
  ...sourceOptions,
  prometheus: { type: "string" },
  since: { type: "string", default: "1h" },
  json: { type: "boolean" },
} as const;

/** `aks-mesh observed`: what sidecars counted beside what the policies say. @returns 1 where calls passed that should not. */
export async function observedCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  if (values.prometheus === undefined) {
    throw new UsageError("Say which Prometheus has the counts: --prometheus http://localhost:9090.");
  }
  const manifests = await loadManifests({ ...values, files: positionals });
  const mesh = meshOf(manifests, [], meshNameOf(manifests, values.mesh));
  sayProblems(terminal, mesh);
  const seen = await seenCalls(values.prometheus, values.since);
  if (seen.length === 0) {
    terminal.err(
      `note: ${values.prometheus} has no series mesh:requests:rate2m or mesh:connections:rate2m of the last ${values.since}: nobody called, or nobody counts.\n`,
    );
  }
  const report = observed(mesh, manifests.objects, seen);
  terminal.out(
    values.json === true
      ? `${JSON.stringify({ $schema: schemaOf("observed"), since: values.since, ...report }, null, 2)}\n`
      : reportText(report, values.since, terminal.paint),
  );
  return report.forbidden.length > 0 ? 1 : 0;
}

function reportText({ forbidden, unused, unknown, meant }: Observed, since: string, paint: Paint): string {
  const lines = [
    `Of the last ${since}, as callers' sidecars counted: ${meant} pairs of workload and Service called as the policies say.`,
  ];
  for (const { workload, account, service, port, codes, expected } of forbidden) {
    const to = port === undefined ? service : `${service}:${port}`;
    lines.push(
      "",
      `${paint.bad("passed though forbidden")}  ${workload} → ${to}`,
      `    answered ${Object.keys(codes).join(", ")}; the policies say of everything that ${account} asks there: ${expected.join(", ")}`,
      "    Is what runs what is written here? Compare with: aks-mesh drift",
    );
  }
  if (unused.length > 0) {
    lines.push("", "Allowed, and nobody did:");
    for (const { account, to } of unused)
      lines.push(`    ${paint.warn(account)} → ${to.replace(".svc.cluster.local", "")}`);
  }
  if (unknown.length > 0) {
    lines.push("", "Called, and not among the objects, so that nothing is said of them:");
    for (const workload of unknown) lines.push(`    ${workload}`);
  }
  return `${lines.join("\n")}\n`;
}
