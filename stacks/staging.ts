import { type StackDefinition } from "../program/definition";
import { bookstore } from "./bookstore";

/** As prod in kind, with fewer and smaller nodes; a canary that gets more step by step, as far as its gate lets it. */
export const staging: StackDefinition = {
  cluster: {
    tier: "Standard",
    nodePools: [
      { name: "system", mode: "System", vmSize: "Standard_D2ds_v5", minCount: 3, maxCount: 4 },
      { name: "user", mode: "User", vmSize: "Standard_D2ds_v5", minCount: 3, maxCount: 4 },
    ],
  },
  mesh: {},
  application: bookstore({ canary: { steps: [10, 25, 50, 100] }, bookthief: "denied" }),
};
