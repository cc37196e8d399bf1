import { rolloutFlows } from "./rollout-flows";

rolloutFlows({ osm: ["good", "by hand", "headers"], istio: ["bad", "headers", "rates"] });
