import { type Labels } from "../../cluster/workloads";
import { type ValuePath } from "../../manifests";
import { type Reader } from "../../manifests/reader";
import { type MutualTlsMode } from "../kinds";
import { type Named, namedOf } from "./named";

/** A PeerAuthentication. */
export interface PeerAuthenticationState extends Named {
  /** Empty for every pod of the namespace. */
  readonly selector: Labels;
  readonly mode: MutualTlsMode;
  /** By the pods' ports. */
  readonly ports: ReadonlyMap<number, MutualTlsMode>;
}

const modes: Readonly<Record<string, MutualTlsMode>> = {
  UNSET: "UNSET",
  DISABLE: "DISABLE",
  PERMISSIVE: "PERMISSIVE",
  STRICT: "STRICT",
};

export function readPeerAuthentication(reader: Reader): PeerAuthenticationState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const selector = reader.record(spec["selector"], ["spec"], "selector");
  const ports = reader.record(spec["portLevelMtls"], ["spec"], "portLevelMtls");
  return {
    selector: reader.textMap(selector["matchLabels"], ["spec", "selector"], "matchLabels"),
    mode: readMode(reader, spec["mtls"], ["spec", "mtls"]),
    ports: new Map(
      Object.entries(ports).map(([port, value]) => [
        Number(port),
        readMode(reader, value, ["spec", "portLevelMtls", port]),
      ]),
    ),
    ...namedOf(reader),
  };
}

function readMode(reader: Reader, value: unknown, path: ValuePath): MutualTlsMode {
  const written = reader.text(reader.record(value, path)["mode"], path, "mode") ?? "UNSET";
  const mode = modes[written];
  if (mode === undefined) {
    reader.report([...path, "mode"], `${JSON.stringify(written)} is none of ${Object.keys(modes).join(", ")}.`);
  }
  return mode ?? "UNSET";
}
