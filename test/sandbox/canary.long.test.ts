import { canaryFlows } from "./canary-flows";

// What canary.engine.test.ts has of one mesh, of the other.
canaryFlows({ osm: ["bad"], istio: ["good"] });
