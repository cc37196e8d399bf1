import { canaryFlows } from "./canary-flows";

canaryFlows({ osm: ["good", "definitions"], istio: ["bad", "leaving"] });
