import { describe, expect, test } from "vitest";
import { type MeshName, meshOf, parseManifests } from "../../../mesh";

const service = (name: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { selector: { app: cart }, ports: [{ port: 80 }] }\n`;
const canary = `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: careful, namespace: shop }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: cart }
  service: { port: 80 }
`;

function found(mesh: MeshName, ...texts: readonly string[]) {
  const manifests = parseManifests([{ name: "shop.yaml", text: texts.join("---\n") }]);
  return meshOf(manifests, [], mesh)
    .findings()
    .filter(({ rule }) => rule === "canary-not-expanded");
}

describe.each(["osm", "istio"] as const)("a Canary of Flagger's on %s", (mesh) => {
  test("is said not to be worked out, with its place and the names that Flagger gives", () => {
    expect(found(mesh, service("cart"), canary)).toMatchObject([
      {
        severity: "warning",
        object: "Canary shop/careful",
        position: { file: "shop.yaml", line: 10 },
        message: expect.stringMatching(
          /Service shop\/cart to the pods of a cart-primary .* Services cart-primary and cart-canary/,
        ),
        remedy: expect.stringContaining("select those of cart-primary as well"),
      },
    ]);
  });

  test("goes by the name of its Service, where it has one", () => {
    const named = canary.replace("{ port: 80 }", "{ name: front, port: 80 }");
    expect(found(mesh, named)).toMatchObject([{ message: expect.stringContaining("front-primary and front-canary") }]);
  });

  test("is nothing to say where what Flagger makes is there, or it is another's", () => {
    expect(found(mesh, service("cart"), service("cart-primary"), canary)).toEqual([]);
    expect(found(mesh, canary.replace("flagger.app", "example.org"))).toEqual([]);
  });
});
