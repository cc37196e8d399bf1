import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Registered, runProgram } from "../stacks/program";

// No test asks the Azure of whoever runs it.
beforeAll(() => {
  vi.stubEnv("ARM_METADATA_HOSTNAME", "https://localhost:1");
  vi.stubEnv("ARM_CLIENT_SECRET", "none");
});
afterAll(() => void vi.unstubAllEnvs());

const settings = {
  "aks-mesh:location": "westeurope",
  "aks-mesh:owner": "unassigned",
  "aks-mesh:registerFeature": "true",
  "aks-mesh:administrators": "[]",
  "aks-mesh:authorizedIpRanges": "[]",
  "aks-mesh:privateCluster": "false",
};

/** Names that this project makes up from other inputs. */
const madeUp = ["agentPoolName", "roleAssignmentName"];

/** What matters of the resources in Azure and in the cluster, as sorted lines; the dynamic resources have no plain likeness. */
function resources(registered: readonly Registered[]): string[] {
  return registered
    .filter(({ type }) => /^(azure-native|kubernetes):/.test(type))
    .map(({ type, inputs }) => `${type} ${JSON.stringify(sorted(inputs))}`)
    .sort();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const known = Object.entries(value).filter(([key, of]) => of !== undefined && !madeUp.includes(key));
  return Object.fromEntries(known.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, of]) => [key, sorted(of)]));
}

it(
  "the bench's plain program of the same resources has them all, with the same inputs",
  { timeout: 600_000 },
  async () => {
    const own = resources(await runProgram("dev", settings));
    const plain = resources(
      await runProgram("dev", settings, join(__dirname, "..", "..", "bench", "same", "index.ts")),
    );
    expect(own.length).toBeGreaterThan(40);
    expect(plain).toEqual(own);
  },
);
