import { type PolicyTargetReference } from "../kinds";
import { type Refuse } from "./webhook";

/** Kinds that policies are for, by their groups (pkg/config/validation, allowedTargetRefs). */
const targets: Readonly<Record<string, string>> = {
  Service: "",
  ServiceEntry: "networking.istio.io",
  Gateway: "gateway.networking.k8s.io",
  GatewayClass: "gateway.networking.k8s.io",
};

/** Ways to say what a policy is for. */
export interface Attachments {
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs?: readonly PolicyTargetReference[];
}

/** What istiod's webhook refuses of what a policy is for. */
export function checkTargetRefs({ targetRef, targetRefs = [] }: Attachments, refuse: Refuse): void {
  if (targetRef !== undefined) checkTarget(targetRef, "spec.targetRef", refuse);
  targetRefs.forEach((one, index) => checkTarget(one, `spec.targetRefs[${String(index)}]`, refuse));
}

function checkTarget({ group = "", kind }: PolicyTargetReference, path: string, refuse: Refuse): void {
  const wanted = Object.hasOwn(targets, kind) ? targets[kind] : undefined;
  // Istio takes "core" for the group of Services, which has none.
  if (wanted !== undefined && (group === wanted || (wanted === "" && group === "core"))) return;
  refuse(
    "policy-target",
    wanted === undefined ? `${path}.kind` : `${path}.group`,
    wanted === undefined ? `no policy is for a ${kind}` : `${JSON.stringify(group)} is not the group of ${kind}`,
    wanted === undefined
      ? `write ${Object.keys(targets).join(", ")}, or selector for pods`
      : `write ${JSON.stringify(wanted)}`,
  );
}
