import { parse as parseYaml, YAMLParseError } from "yaml";
import { isJsonObject, type JsonObject, type KubernetesObject } from "../../manifests";
import { type Reader } from "../../manifests/reader";
import { type LabelSelector, readSelector } from "../../network-policies/selector";
import { type PathNormalization } from "../../request/path-normalization";

/** What the mesh's configuration decides about calls. */
export interface MeshSettings {
  /** The namespace whose policies are for the whole mesh; undefined for where istiod runs. */
  readonly rootNamespace: string | undefined;
  readonly trustDomain: string;
  /** Other names by which principals of policies may call the trust domain. */
  readonly trustDomainAliases: readonly string[];
  readonly pathNormalization: PathNormalization;
  /** Whether sidecars pass on calls to what they do not know. */
  readonly allowAny: boolean;
  /** Whether sidecars speak mutual TLS wherever the other end can. */
  readonly autoMtls: boolean;
  /** Retries where no route says how many. */
  readonly defaultRetries: number;
  /** The namespaces that Services and hosts of ServiceEntries are for where these do not say; empty for all. */
  readonly servicesExportedTo: readonly string[];
  /** The same of VirtualServices. */
  readonly virtualServicesExportedTo: readonly string[];
  /** The same of DestinationRules: of `.` and `*`, the only ones that count there. */
  readonly destinationRulesExportedTo: readonly string[];
  /** Of which namespaces istiod sees anything, and what says so. Undefined for all. */
  readonly discovery: { readonly object: KubernetesObject; readonly selectors: readonly LabelSelector[] } | undefined;
}

export const defaultSettings: MeshSettings = {
  rootNamespace: undefined,
  trustDomain: "cluster.local",
  trustDomainAliases: [],
  pathNormalization: "BASE",
  allowAny: true,
  autoMtls: true,
  defaultRetries: 2,
  servicesExportedTo: [],
  virtualServicesExportedTo: [],
  destinationRulesExportedTo: [],
  discovery: undefined,
};

const normalizations: Readonly<Record<string, PathNormalization>> = {
  DEFAULT: "BASE",
  NONE: "NONE",
  BASE: "BASE",
  MERGE_SLASHES: "MERGE_SLASHES",
  DECODE_AND_MERGE_SLASHES: "DECODE_AND_MERGE_SLASHES",
};

/** Names of the ConfigMaps of a mesh's configuration: upstream, and the two of a revision of the AKS add-on, which the first wins. */
export const meshConfigName = /^istio(?:-shared-configmap)?(?:-asm-\d+-\d+)?$/;

/** The part of a mesh's configuration that a ConfigMap has; undefined where it has none. */
export function readMeshSettings(reader: Reader): Partial<MeshSettings> | undefined {
  const data = reader.record(Reflect.get(reader.object, "data"), ["data"]);
  const text = reader.text(data["mesh"], ["data", "mesh"]);
  if (text === undefined) return undefined;
  let mesh: unknown;
  try {
    mesh = parseYaml(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    reader.report(["data", "mesh"], `Is no YAML, so that istiod keeps to what it knew: ${error.message}`);
    return undefined;
  }
  if (!isJsonObject(mesh)) return {};
  return settingsOf(reader, mesh);
}

function settingsOf(reader: Reader, mesh: JsonObject): Partial<MeshSettings> {
  const at = ["data", "mesh"] as const;
  const word = (value: unknown, key: string, known: readonly string[]): string | undefined => {
    const text = reader.text(value, at, key);
    if (text === undefined || known.includes(text)) return text;
    reader.report([...at, key], `${JSON.stringify(text)} is none of ${known.join(", ")}.`);
    return undefined;
  };
  const path = word(
    reader.record(mesh["pathNormalization"], at, "pathNormalization")["normalization"],
    "pathNormalization",
    Object.keys(normalizations),
  );
  const mode = word(
    reader.record(mesh["outboundTrafficPolicy"], at, "outboundTrafficPolicy")["mode"],
    "outboundTrafficPolicy",
    ["ALLOW_ANY", "REGISTRY_ONLY"],
  );
  const rootNamespace = reader.text(mesh["rootNamespace"], at, "rootNamespace");
  const trustDomain = reader.text(mesh["trustDomain"], at, "trustDomain");
  const normalization = path === undefined ? undefined : normalizations[path];
  const autoMtls = reader.flag(mesh["enableAutoMtls"], at, "enableAutoMtls");
  const retries = reader.integer(
    reader.record(mesh["defaultHttpRetryPolicy"], at, "defaultHttpRetryPolicy")["attempts"],
    at,
    "attempts",
  );
  const exported = (key: string): readonly string[] | undefined => {
    const found = reader.texts(mesh[key], at, key);
    return found.length === 0 ? undefined : found.includes("*") ? [] : found;
  };
  const services = exported("defaultServiceExportTo");
  const virtualServices = exported("defaultVirtualServiceExportTo");
  const destinationRules = exported("defaultDestinationRuleExportTo");
  return {
    ...(services !== undefined && { servicesExportedTo: services }),
    ...(virtualServices !== undefined && { virtualServicesExportedTo: virtualServices }),
    // Of a list only this word counts (pilot/pkg/model/push_context.go, setDestinationRules).
    ...(destinationRules !== undefined && {
      destinationRulesExportedTo: destinationRules.filter((one) => one === "."),
    }),
    ...(mesh["discoverySelectors"] !== undefined && {
      discovery: {
        object: reader.object,
        selectors: reader
          .list(mesh["discoverySelectors"], at, "discoverySelectors")
          .map((selector) => readSelector(reader, selector, [...at, "discoverySelectors"])),
      },
    }),
    ...(rootNamespace !== undefined && { rootNamespace }),
    ...(trustDomain !== undefined && { trustDomain }),
    ...(mesh["trustDomainAliases"] !== undefined && {
      trustDomainAliases: reader.texts(mesh["trustDomainAliases"], at, "trustDomainAliases"),
    }),
    ...(normalization !== undefined && { pathNormalization: normalization }),
    ...(mode !== undefined && { allowAny: mode === "ALLOW_ANY" }),
    ...(autoMtls !== undefined && { autoMtls }),
    ...(retries !== undefined && { defaultRetries: retries }),
  };
}
