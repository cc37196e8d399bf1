import { describeObject, formatPosition } from "../mesh/manifests";
import {
  answeringOf,
  askedService,
  callerShowing,
  type CallLimit,
  callLimits,
  type CallRequest,
  decide,
  describeRequest,
  type Mesh,
  RequestError,
  serverNameOf,
  shareText,
  type Verdict,
} from "../mesh";
import { isPath, verdictJson } from "./decide";
import { loadMesh, sourceOptions } from "./load";
import { readOptions } from "./options";
import { schemaOf } from "./schemas";
import { type Paint, type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const options = {
  ...sourceOptions,
  from: { type: "string" },
  to: { type: "string" },
  method: { type: "string" },
  path: { type: "string" },
  host: { type: "string" },
  header: { type: "string", multiple: true },
  tcp: { type: "boolean" },
  tls: { type: "boolean" },
  "server-name": { type: "string" },
  principal: { type: "string" },
  limits: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** `aks-mesh explain`: what happens to one call, and which lines decide it. */
export async function explainCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  const { from, to, method, path, host, header = [] } = values;
  if (from === undefined) throw new UsageError("Say who calls: --from NAMESPACE/SERVICE-ACCOUNT.");
  if (to === undefined) throw new UsageError("Say what is called: --to HOST:PORT.");
  if (path !== undefined && !isPath(path))
    throw new UsageError(`--path has to begin with /, is ${JSON.stringify(path)}.`);
  const { principal } = values;
  const secured = values.tls === true || principal !== undefined;
  const serverName = values["server-name"] ?? (secured ? serverNameOf(to.replace(/:\d*$/, "")) : undefined);
  const request: CallRequest = {
    from: callerShowing(from, principal),
    to,
    protocol: values.tcp === true ? "tcp" : "http",
    ...(serverName !== undefined && { serverName }),
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    ...(host !== undefined && { host }),
    headers: Object.fromEntries(header.map(readHeader)),
  };
  const asked = askedService(from, to);
  const mesh = await loadMesh(terminal, { ...values, files: positionals }, asked === undefined ? [] : [asked]);
  let verdict: Verdict;
  let limits: readonly CallLimit[] | undefined;
  try {
    verdict = decide(mesh, request);
    if (values.limits === true) limits = callLimits(mesh, request);
  } catch (error) {
    if (error instanceof RequestError) throw new UsageError(error.message);
    throw error;
  }
  if (values.json === true) {
    terminal.out(`${JSON.stringify({ $schema: schemaOf("verdict"), ...verdictJson(verdict, limits) }, null, 2)}\n`);
  } else {
    terminal.out(describeVerdict(mesh, request, verdict, terminal.paint));
    if (limits !== undefined) terminal.out(describeLimits(mesh, limits, terminal.paint));
  }
  return 0;
}

function readHeader(text: string): readonly [string, string] {
  const at = text.search(/[=:]/);
  if (at < 1) throw new UsageError(`--header ${text} must be NAME=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1).trim()];
}

function describeLimits(mesh: Mesh, limits: readonly CallLimit[], paint: Paint): string {
  const lines = limits.map(({ limit, value, service, object, path }) => {
    const position = object && mesh.positions.of(object, path);
    const by = object === undefined ? "" : `  ${describeObject(object)}`;
    const place = position === undefined ? "" : paint.dim(`  ${formatPosition(position)}`);
    return `    ${service}: ${limit} ${value}${by}${place}`;
  });
  return `\n  limits\n${(lines.length > 0 ? lines : ["    none"]).join("\n")}\n`;
}

/** An outcome in words, coloured. */
export function outcomeText(verdict: Verdict, paint: Paint): string {
  const { outcome, status, outcomes = [], variesBy } = verdict;
  const code = status === null ? "" : ` (${String(status)})`;
  switch (outcome) {
    case "allowed":
      return paint.good(`allowed${code}`);
    case "varies":
      return paint.warn(`varies by ${variesBy ?? ""}: ${outcomes.join(" or ")}`);
    default:
      return paint.bad(`${outcome}${code}`);
  }
}

function describeVerdict(mesh: Mesh, request: CallRequest, verdict: Verdict, paint: Paint): string {
  const lines = [paint.bold(describeRequest(request)), `  ${outcomeText(verdict, paint)}`];
  if (verdict.stoppedBy !== undefined) {
    lines.push(
      `  stopped by the network, below the mesh${verdict.stoppedBy.includes("mesh") ? ", or by the mesh" : ""}`,
    );
  }
  for (const text of verdict.unmetAssumptions ?? []) lines.push(`  ${paint.warn(text)}`);
  for (const [backend, share] of Object.entries(answeringOf(verdict))) {
    lines.push(`  ${shareText(share).padStart(7)} ${backend}`);
  }
  if (verdict.because.length > 0) lines.push("", "  because");
  for (const { text, object, path } of verdict.because) {
    const position = object && mesh.positions.of(object, path);
    const place = position === undefined ? "" : paint.dim(`  ${formatPosition(position)}`);
    lines.push(`    ${object !== undefined && text === describeObject(object) ? paint.bold(text) : text}${place}`);
  }
  return `${lines.join("\n")}\n`;
}
