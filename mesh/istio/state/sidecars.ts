import { type Labels } from "../../cluster/workloads";
import { isJsonObject, type ValuePath } from "../../manifests";
import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/** A Sidecar. */
export interface SidecarState extends Named {
  /** Empty for every pod of the namespace. */
  readonly selector: Labels;
  readonly egress: readonly { readonly port: number | undefined; readonly hosts: readonly string[] }[];
  /** Undefined where the mesh's configuration says. */
  readonly allowAny: boolean | undefined;
  /** Whether it says which ports its pods take calls on. */
  readonly hasIngress: boolean;
}

export function readSidecar(reader: Reader): SidecarState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const selector = reader.record(spec["workloadSelector"], ["spec"], "workloadSelector");
  const policy = reader.record(spec["outboundTrafficPolicy"], ["spec"], "outboundTrafficPolicy");
  const mode = reader.text(policy["mode"], ["spec", "outboundTrafficPolicy"], "mode");
  return {
    selector: reader.textMap(selector["labels"], ["spec", "workloadSelector"], "labels"),
    // A block without a mode is REGISTRY_ONLY, the first of the modes; none at all is the mesh's.
    allowAny: isJsonObject(spec["outboundTrafficPolicy"]) ? mode === "ALLOW_ANY" : undefined,
    hasIngress: reader.list(spec["ingress"], ["spec"], "ingress").length > 0,
    egress: reader.list(spec["egress"], ["spec"], "egress").map((item, index) => {
      const path: ValuePath = ["spec", "egress", index];
      const listener = reader.record(item, path);
      const port = reader.record(listener["port"], path, "port");
      return {
        port: reader.integer(port["number"], [...path, "port"], "number"),
        hosts: reader.texts(listener["hosts"], path, "hosts"),
      };
    }),
    ...namedOf(reader),
  };
}
