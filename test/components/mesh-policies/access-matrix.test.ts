import { expect, test } from "vitest";
import { accessMatrix } from "../../../components/mesh-policies/access-matrix";
import { authorizationPolicy, meshOfObjects, shop, strict, virtualService } from "../../mesh/istio/world";

test("rules that see a rewritten request are told as such, and said to fail for others", () => {
  const policy = authorizationPolicy("shop", "server", {
    selector: { matchLabels: { app: "server" } },
    rules: [{ to: [{ operation: { paths: ["/v1/books"] } }] }],
  });
  const by = virtualService("shop", "server", {
    hosts: ["server"],
    http: [
      {
        match: [{ uri: { prefix: "/api" } }],
        rewrite: { uri: "/v1" },
        route: [{ destination: { host: "server" } }],
      },
    ],
  });
  const matrix = accessMatrix(meshOfObjects(shop, strict, policy, by).access());
  expect(matrix["everybody → shop/server:80"]).toEqual({
    "/v1/books after the change of the path": "allowed, may fail",
  });
});
