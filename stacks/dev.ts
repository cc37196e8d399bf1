import { type StackDefinition } from "../program/definition";
import { bookstore } from "./bookstore";

/** Small and cheap, in one zone and without an uptime agreement; a canary halfway, and bookthief kept out. */
export const dev: StackDefinition = {
  cluster: {
    tier: "Free",
    security: { defender: false },
    nodePools: [
      { name: "system", mode: "System", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 2, zones: ["1"] },
      { name: "user", mode: "User", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 3, zones: ["1"] },
    ],
  },
  mesh: {},
  application: bookstore({ canary: { v1: 50, v2: 50 }, bookthief: "denied" }),
};
