import { type Labels } from "../../cluster/workloads";
import { isJsonObject, type ValuePath } from "../../manifests";
import { type Reader } from "../../manifests/reader";
import { namedProtocol, type PortProtocol } from "../protocol";
import { type Named, namedOf } from "./named";

/** What a Sidecar tells its pods of, at one port or at all. */
export interface EgressState {
  readonly port: number | undefined;
  /** What its listener takes calls for, whatever the Services' ports say; found out where it says nothing. Undefined of all ports. */
  readonly protocol: PortProtocol | undefined;
  /** Whether its listener is at an address of its own, or captures no calls: those to the Services' addresses do not come there. */
  readonly isApart: boolean;
  readonly hosts: readonly string[];
}

/** A Sidecar. */
export interface SidecarState extends Named {
  /** Empty for every pod of the namespace. */
  readonly selector: Labels;
  readonly egress: readonly EgressState[];
  /** Undefined where the mesh's configuration says. */
  readonly allowAny: boolean | undefined;
  /** Whether calls to what nothing names go through a proxy. */
  readonly hasEgressProxy: boolean;
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
    hasEgressProxy: isJsonObject(policy["egressProxy"]),
    hasIngress: reader.list(spec["ingress"], ["spec"], "ingress").length > 0,
    egress: reader.list(spec["egress"], ["spec"], "egress").map((item, index) => {
      const path: ValuePath = ["spec", "egress", index];
      const listener = reader.record(item, path);
      const port = reader.record(listener["port"], path, "port");
      return {
        port: reader.integer(port["number"], [...path, "port"], "number"),
        protocol: isJsonObject(listener["port"])
          ? (namedProtocol(reader.text(port["protocol"], [...path, "port"], "protocol") ?? "") ?? "auto")
          : undefined,
        isApart: listener["bind"] !== undefined || listener["captureMode"] === "NONE",
        hosts: reader.texts(listener["hosts"], path, "hosts"),
      };
    }),
    ...namedOf(reader),
  };
}
