import { rolloutFlows } from "./rollout-flows";

rolloutFlows({ osm: ["by hand", "headers"], istio: ["good", "bad", "headers", "rates"] });
