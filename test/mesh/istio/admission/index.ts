import * as bounds from "./bounds";
import * as destinationRule from "./destination-rule";
import * as gateway from "./gateway";
import * as traffic from "./traffic";
import * as virtualService from "./virtual-service";

/** What Kubernetes and istiod take and refuse, by what it is about. A test puts it to Istio's CustomResourceDefinitions and to istiod's own validation. */
export const admissionCases = { bounds, destinationRule, gateway, traffic, virtualService };
