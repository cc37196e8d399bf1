import {
  askedService,
  callerShowing,
  type CallLimit,
  callLimits,
  type CallRequest,
  decide,
  type Mesh,
  RequestError,
  type Verdict,
} from "../mesh";
import { describeObject, isJsonObject } from "../mesh/manifests";
import { readText } from "./input";
import { loadMesh, sourceOptions } from "./load";
import { readOptions } from "./options";
import { schemaOf } from "./schemas";
import { type Terminal } from "./terminal";

/** `aks-mesh decide FILES… [--limits] < requests.jsonl`: one verdict a line, in the order asked. */
export async function decideCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { ...sourceOptions, limits: { type: "boolean" } });
  const lines = readText(0, "standard input")
    .split("\n")
    .map((line) => line.trim());
  const requests = lines.filter((line) => line !== "").map(readRequest);
  const asked = requests.flatMap((request) => {
    const service = "error" in request ? undefined : askedService(request.from, request.to);
    return service === undefined ? [] : [service];
  });
  const mesh = await loadMesh(terminal, { ...values, files: positionals }, asked);
  let bad = false;
  const answers: string[] = [];
  for (const request of requests) {
    const answer = "error" in request ? request : answerTo(mesh, request, values.limits === true);
    if ("error" in answer) bad = true;
    answers.push(`${JSON.stringify({ $schema: schemaOf("verdict"), ...answer })}\n`);
    if (answers.length >= 1000) terminal.out(answers.splice(0).join(""));
  }
  terminal.out(answers.join(""));
  return bad ? 2 : 0;
}

/** What happens to one call, or what is wrong with the request. */
function answerTo(mesh: Mesh, request: CallRequest, withLimits: boolean): Readonly<Record<string, unknown>> {
  try {
    return verdictJson(decide(mesh, request), withLimits ? callLimits(mesh, request) : undefined);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { error: error.message };
  }
}

/**
 * A verdict as data, see schemas/v1/verdict.json.
 *
 * @param limits that hold the call. Default: they are left out.
 */
export function verdictJson(verdict: Verdict, limits?: readonly CallLimit[]): Readonly<Record<string, unknown>> {
  return {
    outcome: verdict.outcome,
    status: verdict.status,
    backends: verdict.backends,
    ...(verdict.subsets && { subsets: verdict.subsets }),
    because: verdict.because.map(({ text }) => text),
    ...(verdict.outcomes && { outcomes: verdict.outcomes }),
    ...(verdict.variesBy && { "varies-by": verdict.variesBy }),
    ...(verdict.unmetAssumptions && { "unmet-assumptions": verdict.unmetAssumptions }),
    ...(verdict.stoppedBy && { "stopped-by": verdict.stoppedBy }),
    ...(limits && { limits: limits.map(limitJson) }),
  };
}

function limitJson({ limit, value, service, bucket, object }: CallLimit): Readonly<Record<string, unknown>> {
  return { limit, value, service, ...(bucket && { bucket }), ...(object && { by: describeObject(object) }) };
}

/** Whether a request can ask for it: a path, or `*` as OPTIONS may. */
export function isPath(path: string): boolean {
  return path.startsWith("/") || path === "*";
}

/** A request line, or what is wrong with it. */
export function readRequest(line: string): CallRequest | { readonly error: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: "The line is not JSON." };
  }
  if (!isJsonObject(value)) return { error: "A request must be a JSON object." };
  const { from, to, protocol = "http", method, path, host, headers, "server-name": serverName, principal } = value;
  if (typeof from !== "string") return { error: '"from" is missing: write "namespace/service-account".' };
  if (typeof to !== "string") return { error: '"to" is missing: write "host:port".' };
  if (protocol !== "http" && protocol !== "tcp") return { error: '"protocol" must be "http" or "tcp".' };
  if (serverName !== undefined && serverName !== null && typeof serverName !== "string") {
    return { error: '"server-name" must be a string: the server name of the caller\'s own TLS, empty for none.' };
  }
  if (principal !== undefined && principal !== null && typeof principal !== "string") {
    return { error: '"principal" must be a string: the name in the caller\'s client certificate.' };
  }
  const texts: Record<string, string> = {};
  for (const [name, field] of Object.entries({ method, path, host })) {
    if (field === undefined || field === null) continue;
    if (typeof field !== "string") return { error: `"${name}" must be a string.` };
    texts[name] = field;
  }
  const { path: asked } = texts;
  if (asked !== undefined && !isPath(asked)) return { error: '"path" has to begin with /.' };
  const pairs: Record<string, string | readonly string[]> = {};
  if (headers !== undefined && headers !== null) {
    if (!isJsonObject(headers)) return { error: '"headers" must be an object of strings.' };
    for (const [name, field] of Object.entries(headers)) {
      if (typeof field === "string") pairs[name] = field;
      else if (Array.isArray(field) && field.every((one) => typeof one === "string")) pairs[name] = field;
      else return { error: `Header ${JSON.stringify(name)} must be a string.` };
    }
  }
  const shown = typeof principal === "string" ? callerShowing(from, principal) : from;
  return { from: shown, to, protocol, ...texts, ...(typeof serverName === "string" && { serverName }), headers: pairs };
}
