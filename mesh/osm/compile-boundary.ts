import { type Policy } from "../policy/model";
import { kubernetesName, PolicyError, serviceOf } from "../policy/names";
import { type EgressPort, type HTTPRouteGroup, type IngressSource, osmKinds, type OsmObject } from "./kinds";
import { routeGroup } from "./route-groups";

/** What may come in from outside the mesh, as IngressBackends. */
export function ingress(policy: Policy): readonly OsmObject[] {
  return (policy.ingress ?? []).map((rule, index) => {
    const place = `ingress[${String(index)}]`;
    const to = serviceOf(policy, rule.to, `${place}.to`);
    const port = (to.ports ?? []).find((one) => one.port === rule.port);
    if (port === undefined)
      throw new PolicyError(`${place}.port: service ${rule.to} has no port ${String(rule.port)}.`);
    const principals = rule.principals ?? [];
    if (rule.protocol === "https" && principals.length === 0) {
      throw new PolicyError(`${place}.principals: OSM wants a client certificate's name for https.`);
    }
    const sources: readonly IngressSource[] = [
      ...rule.from.map((from): IngressSource => {
        const [namespace = "", name = ""] = from.split("/");
        return /^\d+\./.test(from) ? { kind: "IPRange", name: from } : { kind: "Service", name, namespace };
      }),
      ...principals.map((name): IngressSource => ({ kind: "AuthenticatedPrincipal", name })),
    ];
    const name = kubernetesName(policy, rule.to);
    return {
      apiVersion: osmKinds.IngressBackend.apiVersion,
      kind: "IngressBackend",
      metadata: { name: `${name}-${String(rule.port)}`, namespace: to.namespace },
      spec: {
        backends: [
          {
            name,
            port: { number: port.targetPort ?? port.port, protocol: rule.protocol },
            ...(rule.protocol === "https" && { tls: { skipClientCertValidation: false } }),
          },
        ],
        sources,
      },
    };
  });
}

/** What may be called outside the mesh, as Egresses. @param groups gets the route groups that they name. */
export function egress(policy: Policy, groups: Map<string, HTTPRouteGroup>): readonly OsmObject[] {
  return (policy.egress ?? []).map((rule, index) => {
    const place = `egress[${String(index)}]`;
    if (policy.openEgress === true)
      throw new PolicyError(`${place}: with openEgress everything may be called; leave one of them out.`);
    const callers = (typeof rule.from === "string" ? [rule.from] : rule.from).map((name) =>
      serviceOf(policy, name, `${place}.from`),
    );
    const namespace = callers[0]?.namespace ?? "";
    const http = rule.ports.some(({ protocol }) => protocol === "http");
    if (http && (rule.hosts ?? []).length === 0)
      throw new PolicyError(`${place}.hosts: an http port needs host names.`);
    const ports: readonly EgressPort[] = rule.ports.map(({ port, protocol }) => ({ number: port, protocol }));
    const named: readonly string[] = rule.groups ?? [];
    for (const group of named) {
      if (policy.routes?.[group] === undefined) throw new PolicyError(`${place}.groups: there is no group ${group}.`);
      groups.set(`${namespace}/${group}`, routeGroup(policy, group, namespace));
    }
    return {
      apiVersion: osmKinds.Egress.apiVersion,
      kind: "Egress",
      metadata: { name: rule.name, namespace },
      spec: {
        sources: callers.map((one) => ({
          kind: "ServiceAccount" as const,
          name: one.serviceAccount,
          namespace: one.namespace,
        })),
        ...(rule.hosts && { hosts: rule.hosts }),
        ...(rule.addresses && { ipAddresses: rule.addresses }),
        ports,
        ...(named.length > 0 && {
          matches: named.map((name) => ({ ...groupReference, name })),
        }),
      },
    };
  });
}

const groupReference = { apiGroup: "specs.smi-spec.io/v1alpha4", kind: "HTTPRouteGroup" } as const;
