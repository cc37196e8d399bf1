import { keyOf } from "../cluster/keys";
import { patternFault } from "../regex/pattern";
import { type HeaderMatch, type HeaderValue, type Policy } from "./model";
import { isTcpPort, kubernetesName, PolicyError, serviceOf } from "./names";

/** Requests to a Service that one backend gets whatever the weights are. Names are those of Kubernetes Services of one namespace. */
export interface HeaderRoute extends HeaderMatch {
  readonly namespace: string;
  /** The Service that callers name. */
  readonly root: string;
  readonly to: string;
}

/** Why Open Service Mesh refuses them, and what to write instead. */
export const noHeaderRoutes =
  "Open Service Mesh cannot route by a header: its TrafficSplit reads no matches, and headers of an HTTPRouteGroup only say who may call. Leave it out and share calls out by weight, or have callers name the Service of the version that they want; Istio has it";

/** Names that Istio does not take for headers, or that tell something else: the request's own parts, and what the call is named by. */
const reserved = ["host", "uri", "scheme", "method", "authority"];

/** What is wrong with matches, each with its place and what to write. */
export function headerMatchProblems(matches: readonly HeaderMatch[], place: string): readonly string[] {
  return matches.flatMap(({ headers }, index) => {
    const at = `${place}[${String(index)}].headers`;
    const found = Object.entries(headers).flatMap(([name, value]) => {
      const problem = nameProblem(name) ?? valueProblem(value);
      return problem === undefined ? [] : [`${at}: ${JSON.stringify(name)}: ${problem}.`];
    });
    if (Object.keys(headers).length === 0) {
      found.push(
        `${at}: it names none, so that every request would match; write one such as { "x-group": { exact: "beta" } }.`,
      );
    }
    const same = matches.findIndex((other) => JSON.stringify(other.headers) === JSON.stringify(headers));
    if (same < index)
      found.push(`${at}: ${place}[${String(same)}] takes the same requests before it; keep one of them.`);
    return found;
  });
}

function nameProblem(name: string): string | undefined {
  if (name.startsWith(":") || reserved.includes(name.toLowerCase())) {
    return "this is no header of Istio's, but a part of the request that it has other words for; name a header of your own, such as x-group";
  }
  if (/^[!#$%&'*+.^_`|~a-z\d-]+$/.test(name)) return undefined;
  return "names of headers are in lower case and have no blanks; write one such as x-group";
}

function valueProblem(value: HeaderValue): string | undefined {
  const given = Object.entries(value).filter(([, text]) => text !== undefined);
  const [first] = given;
  if (first === undefined || given.length > 1 || first[1] === "") {
    return 'write one of exact, prefix and regex, with a text that is not empty, such as { exact: "beta" }';
  }
  const [kind, text] = first;
  const fault = kind === "regex" ? patternFault(text) : undefined;
  return fault && `Envoy does not take the pattern ${JSON.stringify(text)}: ${fault.message}`;
}

/**
 * The header routes of a policy's splits.
 *
 * @throws {PolicyError} where one cannot be meant.
 */
export function headerRoutesOf(policy: Policy): readonly HeaderRoute[] {
  return (policy.splits ?? []).flatMap(({ root, backends, match = [] }, index) => {
    const place = `splits[${String(index)}]`;
    const [problem] = headerMatchProblems(match, `${place}.match`);
    if (problem !== undefined) throw new PolicyError(problem);
    const { namespace, ports = [] } = serviceOf(policy, root, `${place}.root`);
    if (match.length > 0 && ports.every(({ protocol }) => isTcpPort(protocol))) {
      throw new PolicyError(
        `${place}.match: ${root} has no port that speaks http or grpc, where there are headers; leave it out.`,
      );
    }
    return match.map(({ headers, to }, at) => {
      if (backends[to] === undefined) {
        throw new PolicyError(
          `${place}.match[${String(at)}].to: ${to} is no backend of the split, so that its pods would not answer to ${root}; add it to backends, with the weight 0 if others are to get none of its calls.`,
        );
      }
      return { namespace, root: kubernetesName(policy, root), to: kubernetesName(policy, to), headers };
    });
  });
}

/** What tells the Service of a header route from others. */
export function rootOf({ namespace, root }: HeaderRoute): string {
  return keyOf(namespace, root);
}
