import { readFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { type AksClusterArgs } from "../../../components/aks-cluster";
import { deploymentOf, rules } from "./baseline";
import { ids, minimal } from "./example";
import { build } from "./mocks";

const system = { name: "system", mode: "System" as const, vmSize: "Standard_D2ds_v5" };
const work = { name: "work", mode: "User" as const, vmSize: "Standard_D2ds_v5" };

/** As small and cheap as it gets. */
const dev: AksClusterArgs = {
  ...minimal,
  tier: "Free",
  security: { defender: false },
  nodePools: [system, work].map((pool) => ({ ...pool, zones: ["1"], minCount: 1, maxCount: 2 })),
};

/** With everything that only a company has. */
const prod: AksClusterArgs = {
  ...minimal,
  kubernetesVersion: "1.36",
  diskEncryptionSetId: ids.diskEncryptionSet,
  apiServer: { privateCluster: true },
  network: { nodeSubnetId: ids.subnet },
  security: { kms: { keyId: ids.key, keyVaultResourceId: ids.vault } },
};

interface Row {
  readonly number: number;
  readonly kind: string;
  readonly note: string;
  readonly dev: boolean;
  readonly prod: boolean;
}

const table: Row[] = readFileSync(join(__dirname, "../../../docs/aks-baseline.md"), "utf8")
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, number]) => /^\d+$/.test(number ?? ""))
  .map(([, number, , , kind = "", note = "", inDev, inProd]) => ({
    number: Number(number),
    kind,
    note,
    dev: inDev === "yes",
    prod: inProd === "yes",
  }));

describe("docs/aks-baseline.md", () => {
  const holding = { minimal: [] as boolean[], dev: [] as boolean[], prod: [] as boolean[] };

  beforeAll(async () => {
    for (const [name, args] of Object.entries({ minimal, dev, prod })) {
      const deployment = deploymentOf((await build(args)).registered);
      holding[name as keyof typeof holding] = rules.map((rule) => rule.holds(deployment));
    }
  }, 60_000);

  it("has a row for each of the 44 rules, in their order", () => {
    expect(table.map(({ number }) => number)).toEqual(rules.map(({ number }) => number));
    expect(table).toHaveLength(44);
  });

  it("says of each rule what dev and prod really send", () => {
    expect(table.map(({ number, dev: said }) => [number, said])).toEqual(holding.dev.map((holds, i) => [i + 1, holds]));
    expect(table.map(({ number, prod: said }) => [number, said])).toEqual(
      holding.prod.map((holds, i) => [i + 1, holds]),
    );
  });

  it("calls a default what holds without a word in the arguments, and nothing else", () => {
    expect(table.map(({ number, kind }) => [number, kind === "default"])).toEqual(
      holding.minimal.map((holds, i) => [i + 1, holds]),
    );
  });

  it("names the setting of every rule that is one, and gives a reason for every impossible one", () => {
    for (const { number, kind, note, prod: inProd } of table) {
      expect(["default", "setting", "impossible"], `rule ${number}`).toContain(kind);
      expect(inProd, `rule ${number}`).toBe(kind !== "impossible");
      if (kind === "setting") {
        expect(note, `rule ${number}`).toMatch(/^`\w+/);
      }
      if (kind === "impossible") {
        expect(note.length, `rule ${number}`).toBeGreaterThan(40);
      }
    }
  });
});
