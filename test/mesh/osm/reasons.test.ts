import { describe, expect, it } from "vitest";
import { type CallRequest, decide } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { routes, service, split, target, workload } from "./world";

type Objects = readonly (KubernetesObject & Readonly<Record<string, unknown>>)[];

const all = routes("all", "shop", [{ name: "all", pathRegex: ".*", methods: ["*"] }]);
const rule = [{ kind: "HTTPRouteGroup", name: "all", matches: ["all"] }];
const shop: Objects = [
  all,
  workload("web", "shop", "web"),
  workload("cart", "shop", "cart"),
  service("cart", "shop"),
  target("cart", "shop/cart", ["shop/web"], rule),
];

/** Why a call ends as it does. */
function reasons(objects: Objects, request: Partial<CallRequest>): string {
  const call = { from: "shop/web", to: "cart.shop:14001", protocol: "http", ...request } as const;
  return decide(osmMesh({ objects }), call)
    .because.map(({ text }) => text)
    .join("\n");
}

describe("the reason that decides", () => {
  it.each([
    ["a misspelt service", { to: "card:14001" }, "no Service has the name card; did you mean cart?"],
    [
      "a misspelt service of a namespace",
      { to: "card.shop.svc.cluster.local:14001" },
      "did you mean cart.shop.svc.cluster.local?",
    ],
    ["a misspelt service that may be a host outside", { to: "card.shop:14001" }, "did you mean cart.shop?"],
    ["a port that the Service does not have", { to: "cart.shop:80" }, "Service shop/cart has no port 80, but 14001"],
    ["a misspelt caller", { from: "shop/wep" }, "no pod of the manifests runs as shop/wep; did you mean shop/web?"],
  ])("is %s", (_, request, text) => {
    expect(reasons(shop, request)).toContain(text);
  });

  it("is an appProtocol that OSM does not know", () => {
    const objects = [...shop, service("db", "shop", { selector: { app: "cart" }, port: 81, appProtocol: "mongo" })];
    expect(reasons(objects, { to: "db.shop:81" })).toContain(
      'no listener for the appProtocol "mongo" of port 81 of Service shop/db',
    );
  });

  it("is a TrafficTarget that OSM ignores", () => {
    const objects = [...shop.slice(0, -1), target("cart", "shop/cart", ["shop/web"], [])];
    expect(reasons(objects, {})).toContain("OSM ignores TrafficTarget shop/cart: it has no rules");
  });

  it("is a split's root that selects no pod", () => {
    const root = service("root", "shop", { selector: { app: "nobody" } });
    expect(reasons([...shop, root, split("s", "shop", "root", { cart: 1 })], { to: "root.shop:14001" })).toMatch(
      /the selector of Service shop\/root matches no pod.*\nTrafficSplit shop\/s/s,
    );
  });

  it("is the Host that no route wants", () => {
    const wanting = routes("all", "shop", [{ name: "all", headers: [{ host: "cart.shop" }] }]);
    expect(reasons([wanting, ...shop.slice(1)], {})).toContain(
      'all of them want another Host than "cart.shop:14001": "cart.shop"',
    );
  });

  it("is none of these where the policy decides", () => {
    expect(reasons(shop, { from: "shop/cart" })).toBe("no TrafficTarget lets shop/cart reach cart.shop:14001");
  });
});
