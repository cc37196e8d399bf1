import { rolloutFlows } from "./rollout-flows";

// What rollout.engine.test.ts has of one mesh, of the other: the gate and the steps are the same code, which reads the same counts.
rolloutFlows({ osm: ["good", "bad"], istio: ["by hand"] });
