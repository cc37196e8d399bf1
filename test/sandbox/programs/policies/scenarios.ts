import type * as pulumi from "@pulumi/pulumi";
import { type MeshPoliciesArgs } from "../../../../components/mesh-policies";
import { type AccessRule, definePolicy, type GuaranteeRule, type SplitRule } from "../../../../mesh/policy";

type Service = "web" | "stranger" | "api" | "next";

/** A shop: web reads from api, of which a next version waits. */
function shop(
  access: readonly AccessRule<Service, "items/read">[],
  more: { guarantees?: readonly GuaranteeRule<Service>[]; splits?: readonly SplitRule<Service>[] } = {},
): Pick<MeshPoliciesArgs, "policy"> {
  const place = (serviceAccount: string) => ({ namespace: "shop", serviceAccount });
  const ports = [{ port: 80, protocol: "http" }] as const;
  const policy = definePolicy({
    services: {
      web: place("web"),
      stranger: place("stranger"),
      api: { ...place("api"), ports },
      next: { ...place("next"), ports },
    },
    routes: { items: { read: { methods: ["GET"], path: "/items/[0-9]+" } } },
    access,
    ...more,
  });
  return { policy };
}

const webReads = { name: "web", from: "web", to: "api", routes: ["items/read"] } as const;
const strangerReads = { ...webReads, name: "stranger", from: "stranger" } as const;
const noStrangers = { name: "strangers stay out", kind: "never", from: "stranger", to: "api" } as const;

/** A TrafficTarget and its routes beside the policy, as plain objects. */
function target(
  source: pulumi.Input<string>,
  matches: readonly string[],
): Pick<MeshPoliciesArgs, "trafficTargets" | "httpRouteGroups"> {
  return {
    trafficTargets: [
      {
        metadata: { namespace: "shop", name: "extra" },
        spec: {
          destination: { kind: "ServiceAccount", namespace: "shop", name: "api" },
          sources: [{ kind: "ServiceAccount", namespace: "shop", name: source }],
          rules: [{ kind: "HTTPRouteGroup", name: "extra", matches }],
        },
      },
    ],
    httpRouteGroups: [
      {
        metadata: { namespace: "shop", name: "extra" },
        spec: { matches: [{ name: "all" }, { name: "status", methods: ["GET"], pathRegex: "/status" }] },
      },
    ],
  };
}

/**
 * Arguments by scenario.
 *
 * @param late a name that no preview knows before the first `up`.
 */
export const scenarios = (
  late: pulumi.Input<string>,
): Readonly<Record<string, Omit<MeshPoliciesArgs, "namespaces">>> => ({
  closed: shop([webReads], { guarantees: [noStrangers] }),
  opened: shop([webReads, strangerReads]),
  broken: shop([webReads, strangerReads], { guarantees: [noStrangers] }),
  /** One call in ten goes where web may not go. */
  unauthorised: shop([webReads], { splits: [{ root: "api", backends: { api: 90, next: 10 } }] }),
  shadowed: { ...shop([webReads]), ...target("web", ["all", "status"]) },
  late: { ...shop([webReads], { guarantees: [noStrangers] }), ...target(late, ["status"]) },
});
