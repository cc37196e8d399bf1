import { patternFault } from "../../regex/pattern";
import { type RouteMatch } from "../state";
import { type Route } from "./routes";

type Conditions = Pick<Route, "path" | "methods"> & Pick<RouteMatch, "headers">;

/**
 * A header without a name or a pattern: it breaks the form of the message, and Envoy refuses all routes of that answer,
 * those for the sidecar's own calls too.
 */
export function emptyHeader({ headers }: Pick<Conditions, "headers">): string | undefined {
  for (const [name, regex] of headers ?? []) {
    if (name === "" || regex === "" || /[\0\r\n]/.test(name)) {
      return `header ${JSON.stringify(name)} has an empty name or pattern`;
    }
  }
  return undefined;
}

/** A pattern that Envoy cannot take: it refuses the whole route configuration of every port that has the route. */
export function refusedPattern({ path, methods, headers }: Conditions): string | undefined {
  const patterns = [path, ...methods.map((method) => (method === "*" ? ".*" : method)), ...(headers?.values() ?? [])];
  for (const pattern of patterns) {
    const fault = patternFault(pattern);
    if (fault !== undefined) return `pattern ${JSON.stringify(pattern)}: ${fault.message}`;
  }
  return undefined;
}

/**
 * Which route configurations of a sidecar arrive. They come in one answer; Envoy gives each to the part of a listener that
 * waits for it, the part that came last first, and stops at the first that it refuses: those that came before get nothing.
 *
 * @param awaited in the order in which the listeners ask for them.
 * @returns those that do not arrive.
 */
export function lostConfigurations<T>(awaited: readonly T[], isRefused: (one: T) => boolean): ReadonlySet<T> {
  for (let index = awaited.length - 1; index >= 0; index -= 1) {
    const one = awaited[index];
    if (one !== undefined && isRefused(one)) return new Set(awaited.slice(0, index + 1));
  }
  return new Set();
}
