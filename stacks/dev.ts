import { type StackDefinition } from "./definition";
import { inEveryStack, whileBothVersionsSell } from "./guarantees";

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
  bookstore: {
    canary: { v1: 50, v2: 50 },
    bookthief: "denied",
    guarantees: [...inEveryStack, ...whileBothVersionsSell],
  },
};
