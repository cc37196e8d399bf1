import { describe, expect, it } from "vitest";
import { accessPicture } from "../../../cli/picture/model";
import { pictureSvg } from "../../../cli/picture/svg";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { routes, service, split, target, workload } from "../../mesh/osm/world";
import { evilShop, evilTexts } from "./evil";

function draw(objects: readonly KubernetesObject[]): string {
  const mesh = osmMesh({ objects });
  return pictureSvg(accessPicture(mesh, mesh.access()));
}

const shop = (route: Readonly<Record<string, unknown>>): readonly KubernetesObject[] => [
  service("cart", "shop"),
  workload("cart", "shop", "cart"),
  routes("routes", "shop", [{ name: "m", ...route }]),
  target("t", "shop/cart", ["web/web"], [{ kind: "HTTPRouteGroup", name: "routes", matches: ["m"] }]),
];

describe("the picture as one image", () => {
  it("has a box for each account with what it serves, and an arrow for each call", () => {
    const svg = draw(shop({ pathRegex: "/items" }));
    expect(svg).toContain('data-id="account web/web"');
    expect(svg).toContain('data-from="account web/web" data-to="account shop/cart"');
    expect(svg).toContain("any method /items");
    expect(svg).toContain(">callers outside<");
    expect(svg).toContain("prefers-color-scheme:dark");
  });

  it("says TCP and TLS of what is no HTTP", () => {
    const egress = (protocol: string, number: number) => ({
      apiVersion: "policy.openservicemesh.io/v1alpha1",
      kind: "Egress",
      metadata: { name: protocol, namespace: "web" },
      spec: {
        sources: [{ kind: "ServiceAccount", name: "web", namespace: "web" }],
        hosts: ["pay.example"],
        ports: [{ number, protocol }],
      },
    });
    const svg = draw([workload("web", "web", "web"), egress("https", 443), egress("tcp", 5432)]);
    expect([...svg.matchAll(/>(TCP|TLS) :(\d+)</g)].map(([, kind, port]) => `${kind} ${port}`)).toEqual(
      expect.arrayContaining(["TLS 443", "TCP 5432"]),
    );
    expect(svg).not.toContain("TCP :443");
  });

  it("writes the shares of a split on arrows to its backends", () => {
    const labels = { app: "cart" };
    const svg = draw([
      service("cart", "shop"),
      service("cart-v2", "shop", { selector: { version: "v2" } }),
      workload("cart", "shop", "cart"),
      workload("cart-v2", "shop", "cart-v2", { ...labels, version: "v2" }),
      routes("routes", "shop", [{ name: "m" }]),
      ...["cart", "cart-v2"].map((account) =>
        target(account, `shop/${account}`, ["web/web"], [{ kind: "HTTPRouteGroup", name: "routes", matches: ["m"] }]),
      ),
      split("cart", "shop", "cart", { cart: 90, "cart-v2": 10 }),
    ]);
    expect(svg).toMatch(/data-from="service shop\/cart" data-to="account shop\/cart-v2">[^]*?>10 %</);
  });

  it.each(evilTexts)("shows %j as text, wherever it stands", (evil) => {
    const svg = draw(evilShop(evil));
    const tags = (text: string): readonly string[] =>
      [...new Set([...text.matchAll(/<\/?([a-z!][\w-]*)/gi)].map(([, tag = ""]) => tag.toLowerCase()))].sort();
    expect(tags(svg)).toEqual(tags(draw(evilShop("plain"))));
    expect(svg).not.toContain(evil);
    expect(/[^\n\P{Cc}]|\p{Cs}/u.test(svg)).toBe(false);
  });

  it("leads no arrow under a box that it has nothing to do with, and no line over a label", () => {
    const path = ["edge", "cart", "stock", "ledger"];
    const links = path.flatMap((from, index) => path.slice(index).map((to) => [from, to] as const));
    const svg = draw([
      ...path.flatMap((name) => [service(name, "shop"), workload(name, "shop", name)]),
      routes("routes", "shop", [{ name: "m" }]),
      ...links.map(([from, to]) =>
        target(
          `${from}-${to}`,
          `shop/${to}`,
          [`shop/${from}`],
          [{ kind: "HTTPRouteGroup", name: "routes", matches: ["m"] }],
        ),
      ),
    ]);
    const boxes = [
      ...svg.matchAll(
        /data-id="([^"]+)".*?<rect class="account [^"]*" x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="(\d+)"/g,
      ),
    ].map(([, id = "", x, y, width, height]) => ({
      id,
      left: Number(x),
      top: Number(y),
      right: Number(x) + Number(width),
      bottom: Number(y) + Number(height),
    }));
    const arrows = [...svg.matchAll(/data-from="([^"]+)" data-to="([^"]+)"><title>[^<]*<\/title><path d="([^"]+)"/g)];
    expect([boxes.length, arrows.length]).toEqual([path.length, links.length]);
    // Lines are level over a column of boxes: each level part is told from its ends.
    const under = arrows.flatMap(([, from, to, d = ""]) =>
      [...d.matchAll(/([\d.]+) ([\d.]+)H([\d.]+)/g)].flatMap(([, x1, y, x2]) =>
        boxes
          .filter(({ id }) => id !== from && id !== to)
          .filter(({ left, right, top, bottom }) => {
            const [start, end] = [Number(x1), Number(x2)].sort((a, b) => a - b);
            return Number(y) > top && Number(y) < bottom && (start ?? 0) < right && (end ?? 0) > left;
          })
          .map(({ id }) => `${from ?? ""} → ${to ?? ""} under ${id}`),
      ),
    );
    expect(under).toEqual([]);
    expect(svg.lastIndexOf("<path d=", svg.indexOf('class="box"'))).toBeLessThan(svg.indexOf('class="label-back"'));
  });

  it("draws a mesh in which nobody calls anybody", () => {
    expect(draw([service("cart", "shop")])).toContain("0 arrows");
  });
});
