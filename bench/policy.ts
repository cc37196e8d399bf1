/**
 * How long the policy analysis takes, and how it grows: parse, compile, the full access relation, and a diff after one
 * rule changed.
 *
 *     npx tsx bench/policy.ts [targets…]          default: 1000 3000 10000 30000
 *
 * Prints wall-clock and CPU milliseconds of the best of three runs, the peak of memory, and how well time grows in
 * proportion to the number of TrafficTargets.
 */
import { parseManifests } from "../mesh/manifests";
import { access, diff, osmMesh } from "../mesh/osm";
import { assumedCluster, compile, type Policy, type PolicyRoute, type PolicyService } from "../mesh/policy";

interface Timing {
  readonly wall: number;
  readonly cpu: number;
}

function timed<T>(run: () => T): Timing & { readonly result: T } {
  const wall = performance.now();
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - wall, cpu: (user + system) / 1000, result };
}

function best<T>(runs: number, run: () => T): Timing & { readonly result: T } {
  let found = timed(run);
  for (let index = 1; index < runs; index += 1) {
    const next = timed(run);
    if (next.wall < found.wall) found = next;
  }
  return found;
}

/** A policy with a service for every three access rules, route groups as teams write them. */
function policyOf(rules: number): Policy {
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
      write: { path: `/api/v1/${name}(/.*)?`, methods: ["POST", "PUT"], headers: { "x-team": "[a-z-]+" } },
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

/** The same policy with one more route in its first rule. */
function changed(policy: Policy): Policy {
  const [first, ...rest] = policy.access ?? [];
  return first === undefined
    ? policy
    : { ...policy, access: [{ ...first, routes: first.routes?.slice(1) ?? [] }, ...rest] };
}

const sizes = process.argv
  .slice(2)
  .map(Number)
  .filter((size) => size > 0);
const targets = sizes.length > 0 ? sizes : [1000, 3000, 10_000, 30_000];
const points: { readonly size: number; readonly wall: number }[] = [];
const column = (timing: Timing): string =>
  `${timing.wall.toFixed(0).padStart(7)} (${timing.cpu.toFixed(0)} cpu)`.padEnd(20);
console.log("targets  services  compile             access              parse               diff                MB");
for (const size of targets) {
  const policy = policyOf(size);
  const cluster = assumedCluster(policy);
  const compiled = best(3, () => compile(policy, "osm"));
  const objects = [...compiled.result, ...cluster];
  const related = best(3, () => {
    const mesh = osmMesh({ objects });
    access(mesh);
    return mesh;
  });
  const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const parsed = best(1, () => parseManifests([{ name: "all.yaml", text }]));
  const after = osmMesh({ objects: [...compile(changed(policy), "osm"), ...cluster] });
  // Both relations are known when a preview asks for their difference.
  diff(related.result, related.result);
  diff(after, after);
  const differing = best(3, () => diff(related.result, after));
  points.push({ size, wall: compiled.wall + related.wall });
  const memory = (process.memoryUsage().rss / 1e6).toFixed(0);
  console.log(
    `${String(size).padStart(7)} ${String(Object.keys(policy.services).length).padStart(9)}  ${column(compiled)}${column(related)}${column(parsed)}${column(differing)}${memory}  (${String(differing.result.length)} changes)`,
  );
}
console.log(fitText(points));

/** The power with which time grows, by least squares on logarithms: 1 is linear. */
function fitText(data: readonly { readonly size: number; readonly wall: number }[]): string {
  if (data.length < 2) return "";
  const logs = data.map(({ size, wall }) => ({ x: Math.log(size), y: Math.log(wall) }));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mx = mean(logs.map(({ x }) => x));
  const my = mean(logs.map(({ y }) => y));
  const covariance = mean(logs.map(({ x, y }) => (x - mx) * (y - my)));
  const exponent = covariance / mean(logs.map(({ x }) => (x - mx) ** 2));
  return `compile + access grows as targets^${exponent.toFixed(2)}`;
}
