import { join } from "node:path";
import { expect, it } from "vitest";
import { ids } from "../components/aks-cluster/example";
import { runProgram } from "../stacks/program";

const main = join(__dirname, "..", "sandbox", "programs", "authority", "index.ts");

it("a stack's definition has cert-manager issue the authority, which sidecars' certificates are no longer than", async () => {
  const registered = await runProgram("dev", { "aks-mesh:vault": ids.vault }, main);
  const [hourly] = registered.filter(({ type }) => type.endsWith(":CronJob"));
  expect(JSON.stringify(hourly?.inputs)).toContain('{"name":"SIDECAR_SECONDS","value":"100"}');
  expect(registered.map(({ type }) => type)).toContain("kubernetes:cert-manager.io/v1:Certificate");
});

it("the mesh osm takes no authority, and a preview says why", async () => {
  await expect(runProgram("dev", { "aks-mesh:vault": ids.vault, "aks-mesh:mesh": "osm" }, main)).rejects.toThrow(
    /issuedBy: the mesh is osm.*AKS fixes the arguments of its controller.*Take issuedBy out/,
  );
});
