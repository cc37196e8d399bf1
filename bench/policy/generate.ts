import { type Policy, type PolicyRoute, type PolicyService } from "../../mesh/policy";

/** RE2 of a header's values as teams write it, and one that Istio's policies can say: exact, a prefix or a suffix. */
const teamHeader = { osm: "[a-z-]+", istio: "team-.*" } as const;

/** A policy with a service for every three access rules, and route groups as teams write them for a mesh. */
export function policyOf(rules: number, mesh: keyof typeof teamHeader = "osm"): Policy {
  const count = Math.max(1, Math.round(rules / 3));
  const services: Record<string, PolicyService> = {};
  const routes: Record<string, Record<string, PolicyRoute>> = {};
  for (let index = 0; index < count; index += 1) {
    const name = `svc-${String(index)}`;
    services[name] = {
      namespace: `team-${String(index % 200)}`,
      serviceAccount: name,
      ports: [{ port: 8080, protocol: "http" }],
    };
    routes[`${name}-routes`] = {
      read: { path: `/api/v1/${name}/[^/]+`, methods: ["GET", "HEAD"] },
      write: { path: `/api/v1/${name}(/.*)?`, methods: ["POST", "PUT"], headers: { "x-team": teamHeader[mesh] } },
      health: { path: "/healthz", methods: ["GET"] },
    };
  }
  const sets = [["read", "write", "health"], ["read"], ["health"]] as const;
  return {
    services,
    routes,
    access: Array.from({ length: rules }, (_, index) => {
      const to = index % count;
      const caller = (to * 7 + Math.floor(index / count) * 131 + 1) % count;
      return {
        name: `rule-${String(index)}`,
        from: `svc-${String(caller)}`,
        to: `svc-${String(to)}`,
        routes: (sets[Math.floor(index / count) % 3] ?? []).map((route) => `svc-${String(to)}-routes/${route}`),
      };
    }),
  };
}

/** The same policy with one route less in its first rule. */
export function changed(policy: Policy): Policy {
  const [first, ...rest] = policy.access ?? [];
  return first === undefined
    ? policy
    : { ...policy, access: [{ ...first, routes: first.routes?.slice(1) ?? [] }, ...rest] };
}
