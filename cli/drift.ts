import { execFile } from "node:child_process";
import { type Drift, driftOf, DriftUnknown } from "../recovery/drift";
import { readOptions } from "./options";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { tellWorkflow } from "./workflow-files";

const options = { stack: { type: "string" } } as const;

/** `aks-mesh drift --stack NAME`: has anybody changed what was deployed? Exit code 1 where somebody has. Changes nothing. */
export async function driftCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { stack } = readOptions(args, options).values;
  if (stack === undefined || !/^[\w./-]+$/.test(stack)) throw new UsageError("Say which stack: --stack prod.");
  const output = await refresh(stack);
  let drift: readonly Drift[];
  try {
    if (output === undefined) throw new DriftUnknown("pulumi refresh failed: see its message above.");
    drift = driftOf(output);
  } catch (error) {
    if (!(error instanceof DriftUnknown)) throw error;
    terminal.err(`aks-mesh: stack ${stack}: ${error.message}\n`);
    return 1;
  }
  const text = describe(stack, drift);
  terminal.out(text);
  tellWorkflow("GITHUB_STEP_SUMMARY", `\`\`\`text\n${text}\`\`\`\n`);
  return drift.length === 0 ? 0 : 1;
}

/** What a refresh would change; undefined where it failed, which Pulumi has said itself. */
function refresh(stack: string): Promise<string | undefined> {
  const line = ["refresh", "--preview-only", "--json", "--non-interactive", "--stack", stack];
  return new Promise((resolve, reject) => {
    const child = execFile("pulumi", line, { maxBuffer: 1 << 30 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (typeof error.code === "number") resolve(undefined);
      else reject(new UsageError(`pulumi could not be started (${String(error.code)}): is it on the PATH?`));
    });
    child.stderr?.pipe(process.stderr);
  });
}

function describe(stack: string, drift: readonly Drift[]): string {
  if (drift.length === 0) return `Stack ${stack} is as it was deployed.\n`;
  const lines = drift.map(({ urn, kind, properties }) => {
    const [type = "", name = ""] = urn.split("::").slice(2);
    const what = properties.length === 0 ? "" : `: ${properties.join(", ")}`;
    return `${kind === "gone" ? "−" : "~"} ${type.split("$").at(-1) ?? type} ${name}${what}`;
  });
  return [`Stack ${stack} is not as it was deployed:`, ...lines, ""].join("\n");
}
