import { type CallTree } from "../../analysis/call-tree";
import { type Finding, finding } from "../../analysis/finding";
import { hostHeaders } from "../../analysis/host-headers";
import { mayPass } from "../../analysis/may-pass";
import { callTree } from "../../analysis/decide";
import { accountCaller, addressOf, sentTo, type ServicePort, hostHeaderFor } from "../../analysis/mesh";
import { answersIn, hasAnswer } from "../../analysis/outcome-sets";
import { addressesIn, callerShowing, isOutside, outsideClasses } from "../../analysis/outside";
import { describeObject } from "../../manifests";
import { type CallRequest, type Reason } from "../../request/request";
import { type OsmMesh } from "../mesh";
import { servicePort } from "../service-port";
import { accountOf, type EgressPolicy, type IngressPolicy, keyOf, type Named, splitHostName } from "../state";

/** Calls that some object means to let through, and of which not one passes. */
interface Outage {
  readonly about: Named | undefined;
  /** Other objects that have a part in it. */
  readonly others: readonly string[];
  readonly request: CallRequest;
  readonly tree: CallTree;
}

/**
 * Every pair that a TrafficTarget, permissive mode, an IngressBackend or an Egress connects and of which each request is refused or gets 403, 404
 * or 503, with the reason that the call's own tree gives. What is told already is not told again.
 *
 * @param told what other findings say.
 */
export function outageFindings(mesh: OsmMesh, told: readonly Finding[]): readonly Finding[] {
  const objects = new Set([...told, ...mesh.problems].flatMap(({ object }) => object ?? []));
  const texts = [...told, ...mesh.problems].map(({ message }) => message);
  const rules = new Set(told.map(({ rule }) => rule));
  const groups = new Map<string, Outage[]>();
  for (const outage of [...inMesh(mesh), ...intoMesh(mesh), ...outOfMesh(mesh)]) {
    const reason = decidingReason(outage.tree);
    const text = reason?.text ?? "";
    // Permissive mode means no pair in particular: only what is broken is told.
    if (outage.about === undefined && !text.startsWith("Envoy refuses")) continue;
    const isTold =
      told.some(({ request }) => request?.from === outage.request.from && request.to === outage.request.to) ||
      outage.others.some((one) => objects.has(one) || texts.some((message) => message.includes(`${one} `))) ||
      texts.some((message) => text !== "" && message.includes(text)) ||
      [...objects].some((one) => text.endsWith(` ${one}`)) ||
      tellers.some(([pattern, names]) => pattern.test(text) && names.some((name) => rules.has(name)));
    if (isTold) continue;
    const key = `${outage.about === undefined ? "" : describeObject(outage.about.object)}\0${reason?.text ?? ""}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [outage]);
    else group.push(outage);
  }
  return [...groups.values()].flatMap((group): readonly Finding[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { about, request, tree } = first;
    const { text = "nothing lets it through" } = decidingReason(tree) ?? {};
    const more =
      group.length > 1 ? `, and of ${String(group.length - 1)} more ${group.length === 2 ? "pair" : "pairs"},` : "";
    return [
      finding(mesh, about, about === undefined ? [] : ["spec"], {
        severity: "error",
        rule: "always-fails",
        message: `Every call of ${request.from} to ${request.to}${more} ${effectOf(tree)}: ${text}.`,
        request,
        remedy: remedyOf(text),
      }),
    ];
  });
}

function inMesh(mesh: OsmMesh): readonly Outage[] {
  return mesh.access().entries.flatMap(({ callers, service, tree }): readonly Outage[] => {
    const [caller] = callers;
    // What crosses the mesh's boundary is only there where it passes.
    if (caller === undefined || service.kind === undefined || service.service === "" || isOutside(caller)) return [];
    if (passesByAnyName(mesh, caller, service, tree)) return [];
    const [namespace = "", name = ""] = caller.split("/");
    const upstream = mesh
      .outbound(accountOf(namespace, name))
      .upstreams.find(
        (one) => keyOf(one.service.namespace, one.service.name) === keyOf(service.namespace, service.name),
      );
    const targets = upstream?.targets ?? [];
    return [
      {
        about: targets[0],
        others: [
          ...targets.flatMap(({ object, namespace: where, rules }) => [
            describeObject(object),
            ...rules.map((rule) => `${rule.kind} ${where}/${rule.name}`),
          ]),
          ...splitsAround(mesh, service),
          `Service ${service.service}`,
        ],
        request: { from: caller, to: addressOf(service), protocol: service.kind },
        tree,
      },
    ];
  });
}

/** Splits that have the service as their root or as a backend. */
function splitsAround({ state }: OsmMesh, { service, namespace }: ServicePort): readonly string[] {
  return state.splits
    .filter(
      (split) =>
        split.namespace === namespace &&
        [splitHostName(split.service, state).service, ...split.backends.map((one) => one.service)].some(
          (name) => keyOf(namespace, name) === service,
        ),
    )
    .map(({ object }) => describeObject(object));
}

/** Whether a request under any of the Host headers of the service's names may pass. */
function passesByAnyName(mesh: OsmMesh, caller: string, service: ServicePort, tree: CallTree): boolean {
  if (service.kind === "tcp") return mayPass(tree, undefined);
  if (mayPass(tree, hostHeaderFor(service))) return true;
  const from = accountCaller(caller);
  const { host, port } = service;
  return hostHeaders(service).some((authority) =>
    mayPass(mesh.callTree(from, { host, port }, { authority }), authority),
  );
}

/** Ports that IngressBackends open to sources. */
function intoMesh(mesh: OsmMesh): readonly Outage[] {
  return mesh.state.ingresses.flatMap((policy) =>
    policy.backends.flatMap((backend): readonly Outage[] => {
      const service = mesh.state.services.get(keyOf(policy.namespace, backend.name));
      if (service === undefined) return [];
      const ports = mesh.catalog.meshServicesOf(service).filter(({ targetPort }) => targetPort === backend.port);
      return ports.map(servicePort).flatMap((port) => {
        const tls =
          backend.protocol.toLowerCase() === "https" ? { tls: { serverName: backend.sniHosts[0] ?? "" } } : {};
        const way = { ...port, kind: "http", ...tls } as const;
        return ingressCallers(mesh, policy, backend).flatMap((callers): readonly Outage[] => {
          const tried = callers.map((from) => ({ from, tree: callTree(mesh, from, addressOf(way), sentTo(way)) }));
          const [first] = tried;
          if (first === undefined || tried.some(({ tree }) => mayPass(tree, hostHeaderFor(way)))) return [];
          const request = {
            from: first.from,
            to: addressOf(way),
            protocol: "http",
            ...(way.tls && { serverName: way.tls.serverName }),
          } as const;
          return [{ about: policy, others: [describeObject(policy.object)], request, tree: first.tree }];
        });
      });
    }),
  );
}

/** Of each source that a policy names the callers that it stands for, with the certificate that they have to show. */
function ingressCallers(
  mesh: OsmMesh,
  { sources }: IngressPolicy,
  { protocol, skipClientCertValidation }: IngressPolicy["backends"][number],
): readonly (readonly string[])[] {
  const places = sources.flatMap(({ kind, name, key }): readonly (readonly string[])[] => {
    if (kind === "IPRange")
      return [outsideClasses(mesh.boundary().ranges, `outside:${name}`).map(({ title }) => title)];
    if (kind !== "Service") return [];
    const callers = (mesh.state.endpoints.get(key)?.subsets ?? []).flatMap(({ addresses }) =>
      addresses.flatMap(({ ip }) => {
        const pods = mesh.podsOfIp(ip);
        const plain = pods.filter((pod) => !mesh.state.hasSidecar(pod));
        return pods.length === 0 ? [`outside:${ip}`] : plain.map((pod) => keyOf(pod.namespace, pod.serviceAccount));
      }),
    );
    return [[...new Set(callers)]];
  });
  const named = places.length > 0 ? places : [outsideClasses(mesh.boundary().ranges).map(({ title }) => title)];
  const shown = sources.filter(({ kind }) => kind === "AuthenticatedPrincipal").map(({ name }) => name);
  if (protocol.toLowerCase() !== "https" || skipClientCertValidation || shown.length === 0) return named;
  return named.flatMap((callers) => shown.map((one) => callers.map((caller) => callerShowing(caller, one))));
}

/** Hosts and addresses that Egress objects open to accounts. */
function outOfMesh(mesh: OsmMesh): readonly Outage[] {
  if (!mesh.state.switches.egressPolicy) return [];
  return mesh.state.egresses.flatMap((policy) =>
    policy.sources.flatMap(({ kind, namespace, name }) =>
      policy.ports.flatMap(({ number: port, protocol }) => {
        if (kind !== "ServiceAccount" || namespace === "" || name === "") return [];
        return egressHosts(mesh, policy, protocol).flatMap((hosts): readonly Outage[] => {
          const caller = { kind: "account", namespace, serviceAccount: name } as const;
          const calls = hosts.flatMap((host) => {
            const authorities = protocol === "http" ? [`${host}:${String(port)}`, host] : [undefined];
            const tls = protocol === "https" ? { serverName: host } : {};
            return authorities.map((authority) => {
              const sent = { ...(authority !== undefined && { authority }), ...tls };
              return { host, authority, tls, tree: mesh.callTree(caller, { host, port }, sent) };
            });
          });
          const [first] = calls;
          if (first === undefined || calls.some(({ tree, authority }) => mayPass(tree, authority))) return [];
          const request = {
            from: keyOf(namespace, name),
            to: `${first.host}:${String(port)}`,
            protocol: protocol === "http" ? "http" : "tcp",
            ...first.tls,
          } as const;
          const groups = policy.matches.map((match) => `${match.kind} ${policy.namespace}/${match.name}`);
          return [{ about: policy, others: [describeObject(policy.object), ...groups], request, tree: first.tree }];
        });
      }),
    ),
  );
}

/** What a port of an Egress opens: each of its hosts, or of each of its ranges the addresses that are told apart. */
function egressHosts(
  mesh: OsmMesh,
  { hosts, ipAddresses }: EgressPolicy,
  protocol: string,
): readonly (readonly string[])[] {
  if (protocol === "http" || protocol === "https") return hosts.map((host) => [host]);
  if (!protocol.startsWith("tcp")) return [];
  const { calledRanges } = mesh.boundary();
  return ipAddresses.map((range) => addressesIn(range, calledRanges));
}

/** The reason that comes last on the way to the first end. */
function decidingReason(tree: CallTree): Reason | undefined {
  switch (tree.kind) {
    case "end":
      return tree.because.at(-1);
    case "http":
    case "normalised":
    case "changed":
      return decidingReason(tree.tree);
    case "choice":
      return tree.branches.map((branch) => decidingReason(branch.tree)).find((reason) => reason !== undefined);
    case "rules": {
      // A rule that lets calls pass is one that none of them meets.
      const failing = tree.list.rules.map((rule) => tree.then(rule)).find((next) => !hasAnswer(next, "allowed"));
      return decidingReason(failing ?? tree.otherwise);
    }
  }
}

const effects: Readonly<Record<string, string>> = {
  refused: "is refused",
  denied: "gets 403",
  "no-route": "gets 404",
  unavailable: "gets 503",
};

function effectOf(tree: CallTree): string {
  const [only, ...others] = [...answersIn(tree)].filter((answer) => answer !== "allowed");
  return (others.length === 0 && only !== undefined ? effects[only] : undefined) ?? "fails";
}

/** Findings that tell more of a reason than the reason itself. */
const tellers: readonly (readonly [reason: RegExp, rules: readonly string[]])[] = [
  [/egress routes of the caller|a later Egress is wrong/, ["egress-routes-refused"]],
  [/share a host name/, ["routes-refused"]],
  [/weights add up to 0/, ["no-weight", "no-backend-port"]],
  [/empty name or pattern/, ["empty-header-pattern"]],
];

/** What helps, by what is wrong. */
const remedies: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [
    /^Envoy refuses the caller's listener: outbound_.* match the same connections/,
    "Of Services without a cluster address that have the same pods and port keep one, or give all but one a cluster address.",
  ],
  [/no sidecar/, "Give the pods of both sides a sidecar: annotate the namespace and restart them."],
  [
    /^the network stops the connection/,
    "Let the caller in, and out, by the called pods' own port: policies do not see the Service's port, nor the sidecar's.",
  ],
  [
    /takes no TLS of the caller's own/,
    "Name server names that clients send and that are not the Service's own, or none.",
  ],
  [/no endpoints/, "Let the Service's selector match pods that are ready."],
  [/is no host name/, "Call the Service by one of its names, with the Host header that a client writes itself."],
];

function remedyOf(reason: string): string {
  const known = remedies.find(([pattern]) => pattern.test(reason));
  return known?.[1] ?? "Mend what the reason names; aks-mesh explain with this call shows the lines that decide it.";
}
