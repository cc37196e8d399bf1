import { type KubernetesObject } from "../../../mesh/manifests";
import { routes, service, target, workload } from "../../mesh/osm/world";

/** Names and patterns that would be markup where text is not only text. */
export const evilTexts = [
  "</script><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "</style>]]>&lt;",
  "<!--<script>",
  "\u0001\ud800",
];

/** Objects in which a text stands wherever a picture shows one: names of services, accounts and namespaces, paths, headers. */
export function evilShop(evil: string): readonly KubernetesObject[] {
  return [
    service("cart", "shop"),
    workload("cart", "shop", "cart"),
    routes("routes", "shop", [{ name: "m", pathRegex: evil, headers: [{ "x-a": evil }] }]),
    target("t", "shop/cart", [`web/${evil}`], [{ kind: "HTTPRouteGroup", name: "routes", matches: ["m"] }]),
    service(evil, "shop", { selector: { app: "cart" } }),
    service("other", evil),
    workload("other", evil, evil),
  ];
}
