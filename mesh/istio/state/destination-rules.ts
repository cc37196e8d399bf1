import { type Labels } from "../../cluster/workloads";
import { isJsonObject, type JsonObject, type ValuePath } from "../../manifests";
import { listAt, textAt, valueAt } from "../../manifests/inside";
import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/** How sidecars speak to a destination; undefined where the rule does not say. */
export type ClientTlsMode = "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL" | undefined;

/** A subset of a destination's pods. */
export interface SubsetState {
  readonly name: string;
  readonly labels: Labels;
  readonly tls: PortTls;
}

/** The mode, and those of single ports of the Service. */
export interface PortTls {
  readonly mode: ClientTlsMode;
  readonly ports: ReadonlyMap<number, ClientTlsMode>;
}

/** A DestinationRule. */
export interface DestinationRuleState extends Named {
  readonly host: string;
  readonly exportTo: readonly string[];
  /** Labels of calling pods that it is for. Empty for all. */
  readonly callers: Labels;
  /** Undefined where it has no traffic policy at all. */
  readonly tls: PortTls | undefined;
  readonly subsets: readonly SubsetState[];
  /** A field by which sidecars call somebody else than the host's pods, or speak otherwise. Undefined for none. */
  readonly otherWay: string | undefined;
}

export function readDestinationRule(reader: Reader): DestinationRuleState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const selector = reader.record(spec["workloadSelector"], ["spec"], "workloadSelector");
  return {
    ...namedOf(reader),
    host: reader.text(spec["host"], ["spec"], "host") ?? "",
    exportTo: reader.texts(spec["exportTo"], ["spec"], "exportTo"),
    callers: reader.textMap(selector["matchLabels"], ["spec", "workloadSelector"], "matchLabels"),
    tls: isJsonObject(spec["trafficPolicy"])
      ? readTls(reader, spec["trafficPolicy"], ["spec", "trafficPolicy"])
      : undefined,
    otherWay: otherWayOf(spec),
    subsets: reader.list(spec["subsets"], ["spec"], "subsets").map((item, index) => {
      const path: ValuePath = ["spec", "subsets", index];
      const subset = reader.record(item, path);
      return {
        name: reader.text(subset["name"], path, "name") ?? "",
        labels: reader.textMap(subset["labels"], path, "labels"),
        tls: readTls(reader, reader.record(subset["trafficPolicy"], path, "trafficPolicy"), [...path, "trafficPolicy"]),
      };
    }),
  };
}

/**
 * The original destination of a connection in place of an endpoint, a proxy that is asked by CONNECT, or a line before all else that is said: for a host, a port of it
 * or a subset.
 */
function otherWayOf(spec: JsonObject): string | undefined {
  const policies = [spec, ...listAt(spec, "subsets")].map((one) => valueAt(one, "trafficPolicy"));
  const all = policies.flatMap((policy) => [policy, ...listAt(policy, "portLevelSettings")]);
  if (all.some((one) => textAt(one, "loadBalancer", "simple") === "PASSTHROUGH")) return "loadBalancer PASSTHROUGH";
  return ["tunnel", "proxyProtocol"].find((field) => all.some((one) => isJsonObject(valueAt(one, field))));
}

const modes: Readonly<Record<string, ClientTlsMode>> = {
  DISABLE: "DISABLE",
  SIMPLE: "SIMPLE",
  MUTUAL: "MUTUAL",
  ISTIO_MUTUAL: "ISTIO_MUTUAL",
};

function readTls(reader: Reader, policy: JsonObject, path: ValuePath): PortTls {
  const ports = new Map<number, ClientTlsMode>();
  reader.list(policy["portLevelSettings"], path, "portLevelSettings").forEach((item, index) => {
    const place = [...path, "portLevelSettings", index];
    const setting = reader.record(item, place);
    const port = reader.integer(reader.record(setting["port"], place, "port")["number"], [...place, "port"], "number");
    // What a port's setting leaves out is not taken from the one above (DestinationRule, "port level settings override").
    if (port !== undefined) ports.set(port, readMode(reader, setting["tls"], [...place, "tls"]));
  });
  return { mode: readMode(reader, policy["tls"], [...path, "tls"]), ports };
}

function readMode(reader: Reader, value: unknown, path: ValuePath): ClientTlsMode {
  if (!isJsonObject(value)) return undefined;
  // The first of the modes is the default of a block that names none.
  const written = reader.text(reader.record(value, path)["mode"], path, "mode") ?? "DISABLE";
  if (!Object.hasOwn(modes, written)) {
    reader.report([...path, "mode"], `${JSON.stringify(written)} is none of ${Object.keys(modes).join(", ")}.`);
  }
  return modes[written];
}
