import { type Finding, finding } from "../../analysis/finding";
import { keyOf } from "../../cluster/keys";
import { TooComplexError } from "../../regex/automaton";
import { requestsMeeting, type RequestSet, subtractSets } from "../../request/request-set";
import { conditionOf } from "../calls/routes";
import { rulesOf } from "../calls/delegates";
import { resolveName } from "../calls/virtual-hosts";
import { type IstioMesh } from "../mesh";
import { isSubset, podLabels } from "../labels";
import { type KnownHost } from "../registry";
import { type DestinationRuleState } from "../state/destination-rules";
import { haveCommonReader } from "../state/named";
import { meshGateway, type VirtualServiceState } from "../state/virtual-services";
import { delegateFindings } from "./delegates";
import { calledPorts, destinationFindings, mirrorFindings, noPorts } from "./destinations";
import { didYouMean } from "./near-hosts";

/** What VirtualServices and DestinationRules do that was probably not meant. */
export function routeFindings(mesh: IstioMesh): readonly Finding[] {
  const { destinationRules, services, serviceEntries } = mesh.state;
  // Without any Service or ServiceEntry nothing tells which hosts there are.
  if (services.size + serviceEntries.length === 0) return [];
  const virtualServices = mesh.state.virtualServices.filter(({ semantics }) => semantics === "istio");
  const names = mesh.registry.hosts.map(({ host }) => host);
  const taken = new Map<string, VirtualServiceState[]>();
  return [
    ...virtualServices.flatMap((service): readonly Finding[] => {
      const found: Finding[] = [...gatewayFindings(mesh, service)];
      // Hosts of gateways alone are names outside of the cluster.
      const isForMesh = service.gateways.includes(meshGateway);
      const hosts = isForMesh ? service.hosts.map((host) => resolveName(host, service.namespace)) : [];
      hosts.forEach((host, index) => {
        const earlier = taken.get(host) ?? [];
        taken.set(host, [...earlier, service]);
        const other = earlier.find((one) => one !== service && haveCommonReader(one, service));
        if (other !== undefined) {
          found.push(
            finding(mesh, service, ["spec", "hosts", index], {
              severity: "error",
              rule: "second-virtual-service",
              message: `VirtualService ${other.namespace}/${other.name} is for ${host} too: sidecars go by the older one alone, or by the first by name.`,
              remedy: "Write the rules of both into one.",
            }),
          );
        }
        if (!host.startsWith("*") && (mesh.registry.find(host) ?? mesh.registry.alias(host)) === undefined) {
          found.push(
            finding(mesh, service, ["spec", "hosts", index], {
              severity: "warning",
              rule: "host-of-nobody",
              message: `No Service and no ServiceEntry has the name ${host}: the rules are for calls to port 80 alone, where the name leads anywhere.`,
              remedy: didYouMean(host, names, "Write the name of a Service"),
            }),
          );
        }
      });
      service.http.forEach((route, at) => {
        const called = calledPorts(mesh, service, route);
        found.push(...destinationFindings(mesh, service, route.destinations, ["spec", "http", at], names, called));
        found.push(...mirrorFindings(mesh, service, route, names, called));
        found.push(...delegateFindings(mesh, service, route));
      });
      service.tcp.forEach((route, at) => {
        found.push(...destinationFindings(mesh, service, route.destinations, ["spec", "tcp", at], names, noPorts));
      });
      return [...found, ...shadowedFindings(mesh, service)];
    }),
    ...destinationRules.flatMap((rule): readonly Finding[] => {
      const host = resolveName(rule.host, rule.namespace);
      if (host.startsWith("*")) return [];
      const known = mesh.registry.find(host);
      if (known !== undefined) return emptySubsets(mesh, rule, known);
      return [
        finding(mesh, rule, ["spec", "host"], {
          severity: "warning",
          rule: "host-of-nobody",
          message: `No Service and no ServiceEntry has the name ${host}: the rule does nothing.`,
          remedy: didYouMean(host, names, "Write the name of a Service"),
        }),
      ];
    }),
  ];
}

const knownLed = new WeakMap<IstioMesh, ReadonlySet<string>>();

/** Subsets to which VirtualServices lead, and send copies of requests: `HOST SUBSET`. */
function subsetsLedTo(mesh: IstioMesh): ReadonlySet<string> {
  let found = knownLed.get(mesh);
  if (found === undefined) {
    // Those that others delegate to are among them.
    const all = mesh.state.virtualServices.flatMap(({ namespace, http, tcp, tls }) => {
      const mirrors = http.flatMap((route) => route.mirrors.map(({ destination }) => destination));
      return [...[...http, ...tcp, ...tls].flatMap(({ destinations }) => destinations), ...mirrors].map(
        ({ host, subset }) => `${resolveName(host, namespace)} ${subset}`,
      );
    });
    knownLed.set(mesh, (found = new Set(all)));
  }
  return found;
}

/** Subsets that routes lead to, and that none of the host's pods is in. */
function emptySubsets(mesh: IstioMesh, rule: DestinationRuleState, host: KnownHost): readonly Finding[] {
  const pods = host.ports
    .flatMap((port) => mesh.registry.endpoints(host, port))
    .flatMap(({ ip }) => mesh.podOfIp(ip) ?? []);
  // Pods that only policies speak of may have more labels.
  if (host.service === undefined || pods.length === 0 || pods.some(({ assumed }) => assumed === true)) return [];
  return rule.subsets.flatMap(({ name, labels }, index): readonly Finding[] => {
    const { own } = podLabels(labels);
    if (!subsetsLedTo(mesh).has(`${host.host} ${name}`) || pods.some((pod) => isSubset(own, pod.labels))) return [];
    const text = Object.entries(own).map(([key, value]) => `${key}: ${value}`);
    return [
      finding(mesh, rule, ["spec", "subsets", index, "labels"], {
        severity: "warning",
        rule: "subset-without-pods",
        message: `No pod of ${host.host} has the labels ${text.join(", ")} of subset ${name}: calls that go there are answered with 503.`,
        remedy: "Write labels that pods of the Service have, or lead nobody there until there are such pods.",
      }),
    ];
  });
}

/** Gateways that a VirtualService names and that are not there, where the objects show any. */
function gatewayFindings(mesh: IstioMesh, service: VirtualServiceState): readonly Finding[] {
  const known = mesh.state.gateways.map(({ namespace, name }) => keyOf(namespace, name));
  if (known.length === 0) return [];
  return service.gateways.flatMap((one, index): readonly Finding[] => {
    const key = one.includes("/") ? one : keyOf(service.namespace, one);
    if (one === meshGateway || known.includes(key)) return [];
    return [
      finding(mesh, service, ["spec", "gateways", index], {
        severity: "warning",
        rule: "gateway-of-nobody",
        message: `There is no Gateway ${key}: no gateway has these routes.`,
        remedy: didYouMean(key, known, "Write NAMESPACE/NAME of a Gateway, or NAME of one in the same namespace"),
      }),
    ];
  });
}

/** Rules that come too late: others take all the requests that they are for. */
function shadowedFindings(mesh: IstioMesh, service: VirtualServiceState): readonly Finding[] {
  const found: Finding[] = [];
  let before: RequestSet = [];
  const authority = service.hosts[0] ?? "";
  try {
    for (const route of rulesOf(mesh, service)) {
      const isPlain = route.matches.every(
        ({ sourceLabels, sourceNamespace, gateways, port, queryParams }) =>
          Object.keys(sourceLabels).length === 0 &&
          sourceNamespace === "" &&
          gateways.length === 0 &&
          port === 0 &&
          queryParams.size === 0,
      );
      // What takes some callers' requests alone takes nothing from others.
      if (!isPlain) continue;
      const conditions =
        route.matches.length === 0 ? [{ methods: ["*"], path: "(?s:.*)" }] : route.matches.map(conditionOf);
      const own = conditions.flatMap((condition) => requestsMeeting(condition, authority));
      if (own.length > 0 && subtractSets(own, before).length === 0) {
        found.push(
          finding(mesh, service, ["spec", "http", route.index], {
            severity: "warning",
            rule: "shadowed-route",
            message: `Rules before ${route.from ?? "this one"} take all the requests that it is for.`,
            remedy: "Put it before them, or take it out.",
          }),
        );
      }
      before = [...before, ...subtractSets(own, before)];
    }
  } catch (error) {
    if (!(error instanceof TooComplexError)) throw error;
  }
  return found;
}
