import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { capture } from "./capture";

const folder = mkdtempSync(join(tmpdir(), "aks-mesh-access-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const target = (name: string, source: string) => `
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: ${name}, namespace: shop}
spec: {matches: [{name: all, pathRegex: /${name}, methods: [GET]}]}
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: ${name}, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: store, namespace: shop}
  sources: [{kind: ServiceAccount, name: ${source}, namespace: shop}]
  rules: [{kind: HTTPRouteGroup, name: ${name}, matches: [all]}]`;

interface End {
  readonly outcome: string;
}

interface Entry {
  readonly from: readonly string[];
  readonly to: string;
  readonly calls: {
    readonly groups: readonly { readonly rules: readonly { readonly path: string; readonly calls: End }[] }[];
    readonly otherwise: End;
  };
}

describe("access --json", () => {
  it("says of each caller which of a service's routes let it in, and what the others answer", async () => {
    const file = join(folder, "shop.yaml");
    writeFileSync(file, target("read", "reader") + target("write", "writer"));
    const { output, result } = await capture(() => main(["access", "--json", file]));
    expect(result, output).toBe(0);
    const { entries } = JSON.parse(output.slice(output.indexOf("{\n"))) as { readonly entries: readonly Entry[] };
    const answers = (caller: string) => {
      const entry = entries.find(({ from, to }) => from.includes(caller) && to.startsWith("store.shop"));
      const rules = entry?.calls.groups.flatMap((group) => group.rules) ?? [];
      return {
        ...Object.fromEntries(rules.map(({ path, calls }) => [path, calls.outcome])),
        otherwise: entry?.calls.otherwise.outcome,
      };
    };
    expect(answers("shop/reader")).toEqual({
      "/read": "allowed",
      "/write": "denied",
      otherwise: "no-route",
    });
    expect(answers("shop/writer")).toEqual({
      "/read": "denied",
      "/write": "allowed",
      otherwise: "no-route",
    });
  });
});
