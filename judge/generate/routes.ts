import { type Draw } from "./draw";
import { matchNames, methods, type Mood, namespaces, routeNames } from "./names";
import { drawPattern, type Pattern } from "./pattern";
import { drawHostPattern, drawIdentifier, drawValue } from "./header";

/** Patterns that were drawn, for the requests. */
export interface DrawnPatterns {
  readonly paths: Pattern[];
  readonly headers: [name: string, pattern: Pattern][];
}

export function drawRouteGroup(draw: Draw, mood: Mood, homes: readonly string[], drawnPatterns: DrawnPatterns) {
  return {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "HTTPRouteGroup",
    metadata: { name: draw.pick(routeNames), namespace: draw.maybe(homes) ?? "a" },
    spec: {
      matches: drawMatchNames(draw, mood).map((name) => {
        const pattern =
          draw.oneIn(3) && drawnPatterns.paths.length > 0
            ? draw.maybe(drawnPatterns.paths)
            : drawPattern(draw, mood === "wild");
        if (pattern !== undefined) drawnPatterns.paths.push(pattern);
        return {
          name,
          ...(pattern !== undefined && !draw.oneIn(8) && { pathRegex: pattern.regex }),
          ...(!draw.oneIn(4) && { methods: drawMethods(draw) }),
          ...(draw.oneIn(3) && { headers: drawHeaders(draw, mood, drawnPatterns) }),
        };
      }),
    },
  };
}

/** One name for each match; the later of two matches of one name is the one that counts. */
function drawMatchNames(draw: Draw, mood: Mood): readonly string[] {
  if (mood === "wild") return draw.list(0, 3, () => draw.pick(matchNames));
  return matchNames.slice(0, draw.integer(1, matchNames.length));
}

function drawMethods(draw: Draw): readonly string[] {
  return draw.list(0, 3, () => (draw.oneIn(6) ? "*" : draw.pick(methods)));
}

function drawHeaders(draw: Draw, mood: Mood, { headers }: DrawnPatterns): readonly Record<string, string>[] {
  return draw.list(1, 2, () => {
    const name = draw.pick([
      ...(["x-a", "X-A", "client-app", "user-agent", "X-Request-Id"] as const),
      ...(mood === "wild" ? (["host", "Host", ":method", ":authority"] as const) : (["host"] as const)),
    ]);
    const pattern = patternOf(draw, mood, name.toLowerCase());
    headers.push([name.toLowerCase(), pattern]);
    return { [name]: pattern.regex };
  });
}

function patternOf(draw: Draw, mood: Mood, name: string): Pattern {
  if (name === "x-request-id") return drawIdentifier(draw);
  return name === "host" || name === ":authority" ? drawHostPattern(draw) : drawValue(draw, mood);
}

export function drawTcpRoute(draw: Draw) {
  return {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "TCPRoute",
    metadata: { name: draw.pick(routeNames), namespace: draw.pick(namespaces) },
    spec: { matches: { ports: draw.list(0, 2, () => draw.pick([8080, 8081, 80, 5000])) } },
  };
}
