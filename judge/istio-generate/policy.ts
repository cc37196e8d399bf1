import { type Draw } from "../generate/draw";
import { type Mood } from "../generate/names";
import {
  accounts,
  headerConditions,
  headerNames,
  methods,
  namespaces,
  pathConditions,
  ports,
  rootNamespace,
  serviceNames,
} from "./names";
import { drawPlace, type Place } from "./place";
import { claimConditions, principalConditions } from "./token";

type Fields = Readonly<Record<string, readonly string[]>>;

/** What policies are about. */
export interface Subject {
  /** Where they count. Default: anywhere. */
  readonly place?: Place;
  /** A caller, `namespace/account`, that half of the principals are. Default: none. */
  readonly caller?: string;
  /** Hosts that they ask for. Default: names of Services. */
  readonly hosts?: readonly [string, ...string[]];
  /** Whether they ask for callers' addresses often. */
  readonly byAddress?: boolean;
}

function drawPrincipal(draw: Draw, { caller }: Subject): string {
  const [namespace = "", account = ""] =
    caller !== undefined && draw.oneIn(2) ? caller.split("/") : [draw.pick(namespaces), draw.pick(accounts)];
  return draw.pick([
    `cluster.local/ns/${namespace}/sa/${account}`,
    `cluster.local/ns/${namespace}/sa/${account}`,
    `cluster.local/ns/${namespace}/sa/${account}`,
    `cluster.local/ns/${namespace}/*`,
    `*/ns/${namespace}/sa/${account}`,
    `*/sa/${account}`,
    `*${account}`,
    `other.domain/ns/${namespace}/sa/${account}`,
    "*",
  ]);
}

/** Some fields of one kind with values, each as it is or as its negation. */
function drawFields(draw: Draw, fields: Readonly<Record<string, () => string>>, most: number): Fields {
  const names = Object.keys(fields);
  const drawn: Record<string, readonly string[]> = {};
  for (let count = draw.integer(1, most); count > 0; count -= 1) {
    const name = draw.maybe(names) ?? "";
    const value = fields[name];
    if (value === undefined) continue;
    const field = draw.oneIn(5) ? `not${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;
    drawn[field] = [...new Set(draw.list(1, draw.oneIn(2) ? 1 : 3, value))];
  }
  return drawn;
}

function drawSource(draw: Draw, subject: Subject): Fields {
  if (draw.oneIn(8)) {
    // They may not stand beside principals or namespaces.
    const name = (): string => draw.pick([draw.pick(accounts), `${draw.pick(namespaces)}/${draw.pick(accounts)}`]);
    return drawFields(draw, { serviceAccounts: name }, 1);
  }
  return drawFields(
    draw,
    {
      principals: () => drawPrincipal(draw, subject),
      namespaces: () => draw.pick([...namespaces, ...namespaces, "*", "a*", "*b", "c"]),
      ...(draw.oneIn(6) && { requestPrincipals: () => draw.pick(principalConditions) }),
      ...(draw.oneIn(subject.byAddress === true ? 2 : 8) && {
        ipBlocks: () => draw.pick(["0.0.0.0/0", "198.18.0.0/16", "10.0.0.0/8"]),
      }),
    },
    draw.oneIn(3) ? 2 : 1,
  );
}

function drawHostCondition(draw: Draw, { hosts }: Subject): string {
  if (hosts !== undefined) return draw.pick(hosts);
  const [name, namespace] = [draw.pick(serviceNames), draw.pick(namespaces)];
  return draw.pick([
    `${name}.${namespace}.svc.cluster.local`,
    `${name}.${namespace}.svc.cluster.local:80`,
    `${name}.${namespace}`,
    `${name.toUpperCase()}.${namespace}*`,
    "*.cluster.local",
    `${name}*`,
    "*",
  ]);
}

function drawOperation(draw: Draw, subject: Subject): Fields {
  return drawFields(
    draw,
    {
      paths: () => draw.pick(pathConditions),
      methods: () => draw.pick([...methods, ...methods, "*", "get", "P*"]),
      ports: () => draw.pick(["8080", "8080", "8081", "9090", "80", "7000"]),
      ...(draw.oneIn(3) && { hosts: () => drawHostCondition(draw, subject) }),
    },
    draw.integer(1, 3),
  );
}

function drawCondition(draw: Draw, subject: Subject) {
  const values = draw.pick<{ readonly key: string; readonly value: () => string }>([
    { key: `request.headers[${draw.pick(headerNames)}]`, value: () => draw.pick(headerConditions) },
    { key: `request.headers[${draw.pick(headerNames)}]`, value: () => draw.pick(headerConditions) },
    { key: "request.headers[:path]", value: () => draw.pick(["/a*", "/a?x=1", "*b", "/a"]) },
    { key: "source.namespace", value: () => draw.pick([...namespaces, "*", "a*"]) },
    { key: "source.principal", value: () => drawPrincipal(draw, subject) },
    { key: "destination.port", value: () => draw.pick(["8080", "8081", "9090"]) },
    {
      key: "connection.sni",
      value: () =>
        draw.pick([
          `outbound_.${String(draw.pick(ports))}_._.${draw.pick(serviceNames)}.${draw.pick(namespaces)}.svc.cluster.local`,
          "*.cluster.local",
          "outbound_*",
          "*",
        ]),
    },
    ...claimConditions.map((one) => ({ key: one.key, value: () => draw.pick<string>(one.values) })),
    { key: "request.auth.principal", value: () => draw.pick(principalConditions) },
  ]);
  const list = (): readonly string[] => [...new Set(draw.list(1, 2, values.value))];
  return draw.oneIn(3)
    ? { key: values.key, notValues: list(), ...(draw.oneIn(2) && { values: list() }) }
    : { key: values.key, values: list() };
}

function drawRule(draw: Draw, subject: Subject) {
  if (draw.oneIn(15)) return {};
  const rule = {
    ...(!draw.oneIn(3) && { from: draw.list(1, draw.oneIn(3) ? 2 : 1, () => ({ source: drawSource(draw, subject) })) }),
    ...(!draw.oneIn(3) && {
      to: draw.list(1, draw.oneIn(3) ? 2 : 1, () => ({ operation: drawOperation(draw, subject) })),
    }),
    ...(draw.oneIn(4) && { when: draw.list(1, 2, () => drawCondition(draw, subject)) }),
  };
  return rule;
}

/** Who may do what. */
export function drawAuthorizationPolicy(draw: Draw, mood: Mood, subject: Subject = {}) {
  const { namespace, selector } = subject.place ?? drawPlace(draw, mood);
  const action = draw.pick([
    "ALLOW",
    "ALLOW",
    "ALLOW",
    undefined,
    "DENY",
    "DENY",
    ...(mood === "wild" ? ["AUDIT"] : []),
  ]);
  const rules =
    action !== "DENY" && draw.oneIn(8) ? draw.pick([undefined, []]) : draw.list(1, 3, () => drawRule(draw, subject));
  const dryRun = mood !== "tame" &&
    draw.oneIn(10) && {
      annotations: { "istio.io/dry-run": draw.pick(["true", "false", "yes"]) },
    };
  return {
    apiVersion: draw.pick(["security.istio.io/v1", "security.istio.io/v1beta1"]),
    kind: "AuthorizationPolicy",
    metadata: { name: `p${String(draw.integer(1, 6))}`, namespace, ...dryRun },
    spec: { ...selector, ...(action !== undefined && { action }), ...(rules !== undefined && { rules }) },
  };
}

/** Whether sidecars demand mutual TLS. */
export function drawPeerAuthentication(draw: Draw, mood: Mood) {
  const { namespace, selector } = drawPlace(draw, mood);
  const mode = (): string => draw.pick(["STRICT", "STRICT", "STRICT", "PERMISSIVE", "DISABLE", "UNSET"]);
  const bySelector = "selector" in selector && namespace !== rootNamespace;
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name: draw.pick(["default", "m", "n"]), namespace },
    spec: {
      ...(bySelector && selector),
      ...(!draw.oneIn(10) && { mtls: { mode: mode() } }),
      // Istio reads these of objects with a selector alone.
      ...(bySelector &&
        draw.oneIn(3) && { portLevelMtls: { [draw.pick(["8080", "8081", "9090"])]: { mode: mode() } } }),
    },
  };
}
