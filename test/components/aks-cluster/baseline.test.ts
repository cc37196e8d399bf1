import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type AksClusterArgs } from "../../../components/aks-cluster";
import { bootstrapPoolName } from "../../../components/aks-cluster/bootstrap-pool";
import { at, type Deployment, inlinePools, problemsOf, rules } from "../../../policy-pack/rules";
import { runProgram } from "../../stacks/program";
import { configurationOf, deploymentOf } from "./baseline";
import { ids, minimal } from "./example";
import { build } from "./mocks";

/** With each setting of the table, and everything that only a company has. */
const full: AksClusterArgs = {
  ...minimal,
  kubernetesVersion: "1.36",
  diskEncryptionSetId: ids.diskEncryptionSet,
  apiServer: { privateCluster: true },
  security: { kms: { keyId: ids.key, keyVaultResourceId: ids.vault } },
  transform: { nodePool: (pool) => ({ ...pool, securityProfile: { sshAccess: "Disabled" } }) },
};

const page = readFileSync(join(__dirname, "../../../docs/aks-baseline.md"), "utf8");

interface Row {
  readonly number: number;
  readonly title: string;
  readonly ids: readonly string[];
  readonly kind: string;
  readonly note: string;
  readonly dev: string;
  readonly prod: string;
}

const table: Row[] = page
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, number]) => /^\d+$/.test(number ?? ""))
  .map(([, number, title = "", named = "", kind = "", note = "", dev = "", prod = ""]) => ({
    number: Number(number),
    title,
    ids: named === "" ? [] : named.split(" "),
    kind,
    note,
    dev,
    prod,
  }));

describe("docs/aks-baseline.md", () => {
  const deployments = new Map<string, Deployment>();
  const holding = (name: string): boolean[] => {
    const deployment = deployments.get(name);
    return rules.map((rule) => deployment !== undefined && problemsOf(rule, deployment).length === 0);
  };
  const said = (name: string) => holding(name).map((holds, index) => [index + 1, holds ? "yes" : "no"]);

  beforeAll(async () => {
    // No test asks the Azure of whoever runs it.
    vi.stubEnv("ARM_METADATA_HOSTNAME", "https://localhost:1");
    vi.stubEnv("ARM_CLIENT_SECRET", "none");
    deployments.set("minimal", deploymentOf((await build(minimal)).registered));
    deployments.set("full", deploymentOf((await build(full)).registered));
    for (const stack of ["dev", "prod"]) {
      deployments.set(stack, deploymentOf(await runProgram(stack, configurationOf(stack))));
    }
  }, 120_000);
  afterAll(() => void vi.unstubAllEnvs());

  it("has a row for each rule, in their order, with its title and ids, and says how many there are", () => {
    expect(table.map(({ number, title, ids: named }) => [number, title, named])).toEqual(
      rules.map(({ title, ids: named }, index) => [index + 1, title, named]),
    );
    expect(page).toContain(`the ${String(rules.length)} rules`);
  });

  it("says of each rule what stacks dev and prod send to Azure", () => {
    expect(table.map(({ number, dev }) => [number, dev])).toEqual(said("dev"));
    expect(table.map(({ number, prod }) => [number, prod])).toEqual(said("prod"));
  });

  it("calls a default what holds without a word in the arguments, and nothing else", () => {
    expect(table.map(({ number, kind }) => [number, kind === "default"])).toEqual(
      holding("minimal").map((holds, index) => [index + 1, holds]),
    );
  });

  it("calls a setting what a setting makes hold, and names it", () => {
    expect(table.filter((_, index) => holding("full")[index] !== true)).toEqual([]);
    for (const { number, kind, note } of table) {
      expect(["default", "setting"], `rule ${String(number)}`).toContain(kind);
      if (kind === "setting") expect(note, `rule ${String(number)}`).toMatch(/^`\w+/);
    }
  });

  it("says that what holds for the pools holds for the bootstrap pool", async () => {
    const { registered } = await build(full);
    const [bootstrap] = registered
      .filter(({ type }) => type.endsWith(":ManagedCluster"))
      .flatMap(({ inputs }) => inlinePools(inputs))
      .filter((pool) => at(pool, "name") === bootstrapPoolName);
    expect(bootstrap).toBeDefined();
    const problems = rules.flatMap((rule) =>
      rule.about === "pool" && rule.name !== "aks-node-ssh-off" && bootstrap ? rule.problems(bootstrap, {}) : [],
    );
    expect(problems).toEqual([]);
  });
});
