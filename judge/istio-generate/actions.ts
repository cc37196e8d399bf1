import { type Draw } from "../generate/draw";
import { headerNames, headerValues, namespaces, serviceNames } from "./names";

/** A rule of a VirtualService that leads to destinations. */
export interface PlainRule {
  readonly match?: readonly object[];
  readonly route: readonly object[];
}

/** Gives a rule what few have: an answer of its own, or one or two of what rules do to requests on their way. */
export function withActions(draw: Draw, rule: PlainRule): object {
  if (draw.oneIn(4)) return drawAnswer(draw, rule);
  const [first, second] = [draw.pick(actions), draw.pick(actions)];
  const acting = first(draw, rule);
  return first === second || draw.oneIn(2) ? acting : second(draw, acting);
}

/** A rule that answers itself: what else it says of answers counts for nothing here. */
function drawAnswer(draw: Draw, { match }: PlainRule): object {
  const answer = draw.oneIn(2)
    ? {
        redirect: {
          ...draw.pick<object>([{ uri: "/b" }, { authority: "t.example" }, { scheme: "https" }, { port: 8443 }]),
          ...(!draw.oneIn(3) && { redirectCode: draw.pick([301, 302, 303, 307, 308]) }),
        },
      }
    : { directResponse: { status: draw.pick([404, 200, 503, 403, 429]), body: { string: "closed" } } };
  return { ...(match !== undefined && { match }), ...(draw.oneIn(4) && { headers: drawHeaders(draw) }), ...answer };
}

type Action = (draw: Draw, rule: PlainRule) => PlainRule;

const actions: readonly [Action, ...Action[]] = [
  (draw, rule) => ({ ...rule, fault: drawFault(draw) }),
  // A host is given in one place.
  (draw, rule) => ({ ...rule, rewrite: drawRewrite(draw, !("headers" in rule)) }),
  (draw, rule) => ({ ...rule, headers: drawHeaders(draw, !("rewrite" in rule)) }),
  (draw, rule) => ({
    ...rule,
    ...(draw.oneIn(3) && { headers: drawHeaders(draw, !("rewrite" in rule)) }),
    route: rule.route.map((share) => (draw.oneIn(3) ? share : { ...share, headers: drawHeaders(draw, true) })),
  }),
  (draw, rule) => ({ ...rule, ...drawAside(draw) }),
];

function drawFault(draw: Draw): object {
  const share = draw.pick([{ value: 0 }, { value: 50 }, { value: 50 }, { value: 100 }, { value: 0.5 }, {}, undefined]);
  const percentage = share === undefined ? {} : { percentage: share };
  const delay = { delay: { fixedDelay: "0.05s", ...percentage } };
  if (draw.oneIn(4)) return delay;
  return {
    abort: { httpStatus: draw.pick([503, 503, 500, 400, 404, 418]), ...percentage },
    ...(draw.oneIn(4) && delay),
  };
}

/** Of a regular expression, with what takes its place: no path is left without its first slash. */
const expressions = [
  { match: "/a", rewrite: "/b" },
  { match: "^/a(/.*)?$", rewrite: String.raw`/b\1` },
  { match: "^/([^/]+)/(.+)$", rewrite: String.raw`/\2/\1` },
  { match: "/+", rewrite: "/" },
  { match: "b$", rewrite: "a" },
  { match: "^.*$", rewrite: "/a" },
  { match: "[0-9]+", rewrite: String.raw`\0$1` },
  { match: "(?i)/A", rewrite: "/b" },
] as const;

/** @param hosts whether requests may be given another host. */
function drawRewrite(draw: Draw, hosts: boolean): object {
  const path = draw.oneIn(3)
    ? { uriRegexRewrite: draw.pick<object>(expressions) }
    : { uri: draw.pick(["/", "/b", "/b/", "/a", "/a/b", "//a", "/x/../a", "/%61"]) };
  if (!hosts || draw.oneIn(2)) return path;
  return draw.pick<object>([{ authority: drawHost(draw) }, { ...path, authority: drawHost(draw) }]);
}

/** Another Service, by one of its names, or a name outside of the cluster. */
function drawHost(draw: Draw): string {
  const name = `${draw.pick(serviceNames)}.${draw.pick(namespaces)}`;
  return draw.pick([name, `${name}.svc.cluster.local`, `${name}.svc.cluster.local:80`, "s.example", "other.example"]);
}

/** @param hosts whether the host may be among the headers. */
function drawHeaders(draw: Draw, hosts = false): object {
  const names = [...headerNames, "x-c"] as const;
  const values = (): object =>
    Object.fromEntries(draw.list(1, 2, () => [draw.pick(names), draw.oneIn(12) ? "v%%" : draw.pick(headerValues)]));
  const request = {
    ...(draw.oneIn(2) && { set: { ...values(), ...(hosts && draw.oneIn(8) && { host: drawHost(draw) }) } }),
    ...(draw.oneIn(2) && { add: values() }),
    ...(draw.oneIn(3) && { remove: draw.list(1, 2, () => draw.pick(names)) }),
  };
  const response = { set: { "x-answer": "v" }, remove: ["server"] };
  return { request, ...(draw.oneIn(4) && { response }) };
}

/** What changes no answer. */
function drawAside(draw: Draw): object {
  const destination = { host: `${draw.pick(serviceNames)}.${draw.pick(namespaces)}.svc.cluster.local` };
  return draw.pick<object>([
    { mirror: destination, ...(draw.oneIn(2) && { mirrorPercentage: { value: draw.pick([0, 50, 100]) } }) },
    { mirrors: draw.list(1, 2, () => ({ destination, ...(draw.oneIn(2) && { percentage: { value: 50 } }) })) },
    { timeout: "10s" },
    { retries: draw.pick<object>([{ attempts: 0 }, { attempts: 2, perTryTimeout: "2s", retryOn: "connect-failure" }]) },
    { corsPolicy: { allowOrigins: [{ exact: "https://x.example" }], allowMethods: ["GET"], maxAge: "10s" } },
  ]);
}
