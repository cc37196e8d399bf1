import { type StackDefinition } from "../program/definition";
import { bookstore } from "./bookstore";

/**
 * Three zones, an uptime agreement, cost figures by namespace; bookstore on one version. The mesh's metrics are collected and alerts hold:
 * who runs something for others wants to know before they tell. They cost by what is collected, so dev and staging are without.
 */
export const prod: StackDefinition = {
  cluster: {
    tier: "Standard",
    costAnalysis: true,
    identity: { kind: "UserAssigned" },
    nodePools: [
      { name: "system", mode: "System", vmSize: "Standard_D4ds_v5", minCount: 3, maxCount: 5 },
      { name: "user", mode: "User", vmSize: "Standard_D4ds_v5", minCount: 3, maxCount: 10 },
    ],
  },
  observability: {},
  mesh: { certificate: { keyBitSize: 3072 } },
  application: bookstore({ canary: { v1: 100, v2: 0 }, bookthief: "denied" }),
};
