import { type Labels } from "../../cluster/workloads";
import { type ValuePath } from "../../manifests";
import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/** A port of a ServiceEntry. */
export interface ServiceEntryPortState {
  readonly number: number;
  readonly protocol: string;
  readonly name: string;
  readonly targetPort: number;
}

/** A ServiceEntry. */
export interface ServiceEntryState extends Named {
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly ServiceEntryPortState[];
  readonly resolution: string;
  readonly endpoints: readonly { readonly address: string; readonly labels: Labels }[];
  readonly selector: Labels;
  /** Its own. */
  readonly labels: Labels;
  readonly exportTo: readonly string[];
}

/** Whether pods and WorkloadEntries with certain labels answer for a ServiceEntry. */
export function selectsWorkloads({ selector }: ServiceEntryState): boolean {
  return Object.keys(selector).length > 0;
}

export function readServiceEntry(reader: Reader): ServiceEntryState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const selector = reader.record(spec["workloadSelector"], ["spec"], "workloadSelector");
  return {
    ...namedOf(reader),
    hosts: reader.texts(spec["hosts"], ["spec"], "hosts"),
    addresses: reader.texts(spec["addresses"], ["spec"], "addresses"),
    resolution: reader.text(spec["resolution"], ["spec"], "resolution") ?? "NONE",
    exportTo: reader.texts(spec["exportTo"], ["spec"], "exportTo"),
    labels: reader.textMap(Reflect.get(reader.object.metadata, "labels"), ["metadata"], "labels"),
    selector: reader.textMap(selector["labels"], ["spec", "workloadSelector"], "labels"),
    ports: reader.list(spec["ports"], ["spec"], "ports").map((item, index) => {
      const path: ValuePath = ["spec", "ports", index];
      const port = reader.record(item, path);
      const number = reader.integer(port["number"], path, "number") ?? 0;
      return {
        number,
        name: reader.text(port["name"], path, "name") ?? "",
        protocol: reader.text(port["protocol"], path, "protocol") ?? "",
        targetPort: reader.integer(port["targetPort"], path, "targetPort") ?? number,
      };
    }),
    endpoints: reader.list(spec["endpoints"], ["spec"], "endpoints").map((item, index) => {
      const path: ValuePath = ["spec", "endpoints", index];
      const endpoint = reader.record(item, path);
      return {
        address: reader.text(endpoint["address"], path, "address") ?? "",
        labels: reader.textMap(endpoint["labels"], path, "labels"),
      };
    }),
  };
}
