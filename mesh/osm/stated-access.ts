import { type HttpMatch, type HTTPRouteGroup, type OsmObject, type TCPRoute, type TrafficTarget } from "./kinds";

/** What the objects let one caller send to one service account. */
export interface AccessRow {
  /** Caller, as `namespace/account`. */
  readonly caller: string;
  /** Callee, as `namespace/account`. */
  readonly callee: string;
  /** HTTP requests, each as `METHODS path [header: pattern, …]`. */
  readonly http: readonly string[];
  /** TCP ports of the callee's pods that TCPRoutes name. */
  readonly tcp: readonly string[];
}

/** A match as one line. */
function matchText({ methods, pathRegex, headers }: HttpMatch): string {
  const conditions = (headers ?? []).flatMap((header) =>
    Object.entries(header).map(([name, value]) => `${name}: ${value}`),
  );
  const verbs = methods === undefined || methods.length === 0 ? "*" : methods.join(",");
  return [verbs, pathRegex ?? ".*", ...(conditions.length > 0 ? [`[${conditions.join(", ")}]`] : [])].join(" ");
}

/**
 * Who may call whom, as the objects say: one row for every source and destination of the TrafficTargets, sorted. A plain
 * reading, for people; what a mesh makes of the objects, overlaps and missing references included, is the analysis's answer.
 */
export function statedAccess(objects: readonly OsmObject[]): AccessRow[] {
  const groups = new Map<string, HTTPRouteGroup>();
  const routes = new Map<string, TCPRoute>();
  const targets: TrafficTarget[] = [];
  for (const object of objects) {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    if (object.kind === "HTTPRouteGroup") {
      groups.set(key, object);
    } else if (object.kind === "TCPRoute") {
      routes.set(key, object);
    } else if (object.kind === "TrafficTarget") {
      targets.push(object);
    }
  }
  const rows = new Map<string, { caller: string; callee: string; http: Set<string>; tcp: Set<string> }>();
  for (const { metadata, spec } of targets) {
    const http = new Set<string>();
    const tcp = new Set<string>();
    for (const rule of spec.rules) {
      const key = `${metadata.namespace}/${rule.name}`;
      if (rule.kind === "HTTPRouteGroup") {
        const named = new Set(rule.matches);
        for (const match of groups.get(key)?.spec.matches ?? []) {
          if (named.has(match.name)) {
            http.add(matchText(match));
          }
        }
      } else if (rule.kind === "TCPRoute") {
        for (const port of routes.get(key)?.spec.matches.ports ?? []) {
          tcp.add(String(port));
        }
      }
    }
    const callee = `${spec.destination.namespace ?? ""}/${spec.destination.name}`;
    for (const source of spec.sources) {
      const caller = `${source.namespace ?? ""}/${source.name}`;
      const row = rows.get(`${caller} ${callee}`) ?? { caller, callee, http: new Set(), tcp: new Set() };
      http.forEach((line) => row.http.add(line));
      tcp.forEach((port) => row.tcp.add(port));
      rows.set(`${caller} ${callee}`, row);
    }
  }
  return [...rows.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => ({ caller: row.caller, callee: row.callee, http: [...row.http], tcp: [...row.tcp] }));
}
