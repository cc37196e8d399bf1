import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { bootstrapPoolName } from "../../../components/aks-cluster/bootstrap-pool";
import { at, type Deployment, inlinePools, type Part, poolName } from "../../../policy-pack/rules";
import { type Registered } from "./mocks";

/** What was registered, as the rules look at it. The pool that lives for minutes only is left to a test of its own. */
export function deploymentOf(registered: readonly Registered[]): Deployment {
  const every = (type: string): Part[] =>
    registered.filter((candidate) => candidate.type.endsWith(`:${type}`)).map(({ inputs }) => inputs);
  const [cluster] = every("ManagedCluster");
  if (cluster === undefined) throw new Error("There is no cluster.");
  const inline = inlinePools(cluster).filter((pool) => at(pool, "name") !== bootstrapPoolName);
  const pools = [...every("AgentPool"), ...inline];
  return {
    cluster,
    pools,
    diagnostics: every("DiagnosticSetting"),
    windows: every("MaintenanceConfiguration"),
    subnets: [],
    foreignSubnets: pools.filter((pool) => at(pool, "vnetSubnetID") !== undefined).map(poolName),
  };
}

const repository = join(__dirname, "..", "..", "..");

interface Project {
  readonly config: Readonly<Record<string, { readonly default?: unknown }>>;
}

/** A stack's configuration as the engine gives it to the program: the project's defaults, and over them the stack's own values. */
export function configurationOf(stack: string): Readonly<Record<string, string>> {
  const { config } = parse(readFileSync(join(repository, "Pulumi.yaml"), "utf8")) as Project;
  const own = parse(readFileSync(join(repository, `Pulumi.${stack}.yaml`), "utf8")) as {
    readonly config?: Readonly<Record<string, unknown>>;
  };
  const defaults = Object.entries(config).flatMap(([key, { default: value }]) =>
    value === undefined ? [] : [[`aks-mesh:${key}`, value] as const],
  );
  return Object.fromEntries(
    [...defaults, ...Object.entries(own.config ?? {})].map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
