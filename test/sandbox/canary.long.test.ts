import { canaryFlows } from "./canary-flows";

canaryFlows("osm", ["good", "definitions"]);
canaryFlows("osm", ["bad"]);
canaryFlows("istio", ["good"]);
