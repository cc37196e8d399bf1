import type * as kubernetes from "@pulumi/kubernetes";
import { type MeshName } from "../../mesh";

type Rule = kubernetes.types.input.rbac.v1.PolicyRule;

const read = ["get", "list", "watch"];
const write = ["get", "create", "update", "patch"];

/** What Flagger may do everywhere: find its own objects. */
export const watchRules: Rule[] = [
  { apiGroups: ["flagger.app"], resources: ["canaries", "metrictemplates", "alertproviders"], verbs: read },
];

/** How calls are split, by the mesh. */
const routing: Readonly<Record<MeshName, Rule>> = {
  osm: { apiGroups: ["split.smi-spec.io"], resources: ["trafficsplits"], verbs: write },
  istio: { apiGroups: ["networking.istio.io"], resources: ["virtualservices", "destinationrules"], verbs: write },
};

/** What it may do in a namespace with a Canary. Secrets and ConfigMaps are none of it: it runs without its tracking of them. */
export function canaryRules(mesh: MeshName): Rule[] {
  return [
    { apiGroups: ["flagger.app"], resources: ["canaries", "canaries/status"], verbs: ["update", "patch"] },
    // Where the API server looks after owners that block a deletion.
    { apiGroups: ["flagger.app"], resources: ["canaries/finalizers"], verbs: ["update"] },
    { apiGroups: [""], resources: ["services"], verbs: write },
    { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: write },
    { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: write },
    routing[mesh],
  ];
}
