import { isJsonObject, type JsonObject } from "../../manifests";
import { textAt } from "../../manifests/inside";
import { type Reader } from "../../manifests/reader";
import { gatewayApiGroup } from "./gateway-api/kinds";

const none = { targeted: false, gateways: [] } as const;

/**
 * What the `targetRefs` of a policy's spec attach it to: where there are any, it is for gateways and waypoints alone
 * (pilot/pkg/model/policyattachment.go).
 *
 * @returns whether there are any, and the names of the Gateways of its own namespace among them.
 */
export function targetsOf(
  reader: Reader,
  spec: JsonObject,
): { readonly targeted: boolean; readonly gateways: readonly string[] } {
  const single = spec["targetRef"];
  const all = reader.list(spec["targetRefs"], ["spec"], "targetRefs");
  if (all.length === 0 && !isJsonObject(single)) return none;
  const own = reader.object.metadata.namespace ?? "";
  const refs = all.length > 0 ? all : [single];
  return {
    targeted: true,
    gateways: refs.flatMap((ref) =>
      textAt(ref, "kind") === "Gateway" &&
      textAt(ref, "group") === gatewayApiGroup &&
      (textAt(ref, "namespace") ?? own) === own
        ? (textAt(ref, "name") ?? [])
        : [],
    ),
  };
}
