import { expect, test } from "vitest";
import { statedAccess } from "../../../mesh/osm/stated-access";
import { good } from "./admission/objects";

const group = { ...good.group, spec: { matches: [...good.group.spec.matches, { name: "all" }, { name: "other" }] } };

test("one row for each caller and callee, the requests of all their TrafficTargets together", () => {
  const second = {
    ...good.target,
    metadata: { name: "second", namespace: "shop" },
    spec: {
      ...good.target.spec,
      sources: [
        { kind: "ServiceAccount", name: "buyer", namespace: "shop" },
        { kind: "ServiceAccount", name: "auditor", namespace: "office" },
      ],
      rules: [{ kind: "HTTPRouteGroup", name: "routes", matches: ["all"] }],
    },
  } as const;
  expect(statedAccess([good.target, second, group, good.tcp, good.split])).toEqual([
    { caller: "office/auditor", callee: "shop/store", http: ["* .*"], tcp: [] },
    {
      caller: "shop/buyer",
      callee: "shop/store",
      http: ["GET /buy/.* [client-app: buyer.*]", "* .*"],
      tcp: ["3306"],
    },
  ]);
});

test("references that lead nowhere, or into another namespace, give nothing", () => {
  const elsewhere = { ...group, metadata: { name: "routes", namespace: "attic" } };
  expect(statedAccess([good.target, elsewhere])).toEqual([
    { caller: "shop/buyer", callee: "shop/store", http: [], tcp: [] },
  ]);
});
