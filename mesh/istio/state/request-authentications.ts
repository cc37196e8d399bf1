import { type Labels } from "../../cluster/workloads";
import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";
import { targetsOf } from "./targets";

/** Whose tokens a workload takes. */
export interface TokenRule {
  /** Undefined for any. */
  readonly issuer: string | undefined;
  /** Empty for any. */
  readonly audiences: readonly string[];
  /** Whether the token goes on with the request: it is taken off by default. */
  readonly forwards: boolean;
}

/** A RequestAuthentication. */
export interface RequestAuthenticationState extends Named {
  /** Labels that pods have to have. Empty for every pod. */
  readonly selector: Labels;
  /** Whether it is attached to something else than sidecars. */
  readonly targeted: boolean;
  /** Names of the Gateways of the Gateway API, of its own namespace, that it is attached to. */
  readonly gateways: readonly string[];
  readonly rules: readonly TokenRule[];
  /** Names of headers that it writes claims into, in lower case. */
  readonly writes: readonly string[];
}

export function readRequestAuthentication(reader: Reader): RequestAuthenticationState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const selector = reader.record(spec["selector"], ["spec"], "selector");
  const rules = reader.list(spec["jwtRules"], ["spec"], "jwtRules").map((item, index) => {
    const path = ["spec", "jwtRules", index];
    const rule = reader.record(item, path);
    const issuer = reader.text(rule["issuer"], path, "issuer") ?? "";
    const payload = reader.text(rule["outputPayloadToHeader"], path, "outputPayloadToHeader");
    const claims = reader.list(rule["outputClaimToHeaders"], path, "outputClaimToHeaders").map((one, at) => {
      const place = [...path, "outputClaimToHeaders", at];
      return reader.text(reader.record(one, place)["header"], place, "header");
    });
    return {
      issuer: issuer === "" ? undefined : issuer,
      audiences: reader.texts(rule["audiences"], path, "audiences"),
      forwards: reader.flag(rule["forwardOriginalToken"], path, "forwardOriginalToken") ?? false,
      writes: [payload, ...claims].flatMap((name) => name?.toLowerCase() ?? []),
    };
  });
  return {
    ...namedOf(reader),
    selector: reader.textMap(selector["matchLabels"], ["spec", "selector"], "matchLabels"),
    ...targetsOf(reader, spec),
    rules: rules.map(({ issuer, audiences, forwards }) => ({ issuer, audiences, forwards })),
    writes: rules.flatMap(({ writes }) => writes),
  };
}
