import { canaryFlows } from "./canary-flows";

canaryFlows("istio", ["bad", "leaving"]);
