import { type Labels } from "../../cluster/workloads";
import { type ValuePath } from "../../manifests";
import { type Reader } from "../../manifests/reader";
import { type AuthorizationAction, type Operation, type Source } from "../kinds";
import { type Named, namedOf } from "./named";
import { targetsOf } from "./targets";

/** Name of a list in `from.source`. */
export type SourceField = keyof Source;
/** Name of a list in `to.operation`. */
export type OperationField = keyof Operation;

const sourceFields = [
  "principals",
  "notPrincipals",
  "requestPrincipals",
  "notRequestPrincipals",
  "namespaces",
  "notNamespaces",
  "serviceAccounts",
  "notServiceAccounts",
  "trustDomains",
  "notTrustDomains",
  "ipBlocks",
  "notIpBlocks",
  "remoteIpBlocks",
  "notRemoteIpBlocks",
] as const satisfies readonly SourceField[];

const operationFields = [
  "hosts",
  "notHosts",
  "ports",
  "notPorts",
  "methods",
  "notMethods",
  "paths",
  "notPaths",
] as const satisfies readonly OperationField[];

/** Lists of values, those without any left out. */
export type Lists<Field extends string> = { readonly [F in Field]?: readonly string[] };

/** A condition of `when`. */
export interface ConditionState {
  readonly key: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

/** A rule. */
export interface RuleState {
  /** Place in the policy's list. */
  readonly index: number;
  readonly from: readonly Lists<SourceField>[];
  readonly to: readonly Lists<OperationField>[];
  readonly when: readonly ConditionState[];
}

/** An AuthorizationPolicy. */
export interface AuthorizationPolicyState extends Named {
  /** Labels that pods have to have. Empty for every pod. */
  readonly selector: Labels;
  /** Whether it is attached to something else than sidecars. */
  readonly targeted: boolean;
  /** Names of the Gateways of the Gateway API, of its own namespace, that it is attached to. */
  readonly gateways: readonly string[];
  readonly action: AuthorizationAction;
  /** Whether it is only tried, and decides nothing. */
  readonly dryRun: boolean;
  readonly rules: readonly RuleState[];
}

/** Where a policy says that it is only tried. */
export const dryRunAnnotation = "istio.io/dry-run";

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/** What Go's strconv.ParseBool makes of a text; undefined where it is none of its words. */
export function parseBool(text: string): boolean | undefined {
  return booleans.get(text);
}

const actions: Readonly<Record<string, AuthorizationAction>> = {
  ALLOW: "ALLOW",
  DENY: "DENY",
  AUDIT: "AUDIT",
  CUSTOM: "CUSTOM",
};

export function readAuthorizationPolicy(reader: Reader): AuthorizationPolicyState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const selector = reader.record(spec["selector"], ["spec"], "selector");
  const written = reader.text(spec["action"], ["spec"], "action") ?? "ALLOW";
  const annotations = reader.textMap(reader.object.metadata.annotations, ["metadata", "annotations"]);
  const action = actions[written];
  if (action === undefined) {
    reader.report(["spec", "action"], `${JSON.stringify(written)} is none of ALLOW, DENY, AUDIT, CUSTOM.`);
  }
  const { object, namespace, name } = namedOf(reader);
  // Written out: objects made by spreading are slow to make and to look at.
  return {
    object,
    namespace,
    name,
    selector: reader.textMap(selector["matchLabels"], ["spec", "selector"], "matchLabels"),
    ...targetsOf(reader, spec),
    action: action ?? "ALLOW",
    dryRun: parseBool(annotations[dryRunAnnotation] ?? "") === true,
    rules: reader
      .list(spec["rules"], ["spec"], "rules")
      .map((item, index) => readRule(reader, item, index, ["spec", "rules", index])),
  };
}

function readRule(reader: Reader, value: unknown, index: number, path: ValuePath): RuleState {
  const rule = reader.record(value, path);
  return {
    index,
    from: reader.list(rule["from"], path, "from").map((item, at) => {
      const place = (): ValuePath => [...path, "from", at, "source"];
      const source = reader.record(item, () => [...path, "from", at])["source"];
      return readLists(reader, source, place, sourceFields);
    }),
    to: reader.list(rule["to"], path, "to").map((item, at) => {
      const place = (): ValuePath => [...path, "to", at, "operation"];
      const operation = reader.record(item, () => [...path, "to", at])["operation"];
      return readLists(reader, operation, place, operationFields);
    }),
    when: reader.list(rule["when"], path, "when").map((item, at) => {
      const place = (): ValuePath => [...path, "when", at];
      const condition = reader.record(item, place);
      return {
        key: reader.text(condition["key"], place, "key") ?? "",
        values: reader.texts(condition["values"], place, "values"),
        notValues: reader.texts(condition["notValues"], place, "notValues"),
      };
    }),
  };
}

function readLists<Field extends string>(
  reader: Reader,
  value: unknown,
  path: () => ValuePath,
  fields: readonly Field[],
): Lists<Field> {
  const record = reader.record(value, path);
  const lists: { [F in Field]?: readonly string[] } = {};
  const keys = Object.keys(record);
  const only = keys.length === 1 ? keys[0] : undefined;
  for (const field of fields) {
    // Most lists are not there, mostly all but one.
    if ((only !== undefined && field !== only) || record[field] === undefined) continue;
    const found = reader.texts(record[field], path, field);
    if (found.length > 0) lists[field] = found;
  }
  return lists;
}

/** Whether a condition of `when` asks for the Host header. */
export function isOfHost({ key }: ConditionState): boolean {
  return isOfHostHeader(/^request\.headers\[(.*)\]$/i.exec(key)?.[1] ?? "");
}

/** Whether a header is the Host header: Envoy has it as `:authority`, and finds it by either name. */
export function isOfHostHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === ":authority" || lower === "host";
}

/** Whether a rule tells callers apart by their addresses. */
export function asksForAddress({ from, when }: RuleState): boolean {
  const isAddressed = ({ ipBlocks, notIpBlocks, remoteIpBlocks, notRemoteIpBlocks }: Lists<SourceField>): boolean =>
    (ipBlocks ?? notIpBlocks ?? remoteIpBlocks ?? notRemoteIpBlocks) !== undefined;
  return from.some(isAddressed) || when.some(isOfAddress);
}

/** Addresses and CIDRs of callers that a rule names. */
export function sourceBlocks(rule: RuleState): readonly string[] {
  if (!asksForAddress(rule)) return noBlocks;
  return [
    ...rule.from.flatMap(({ ipBlocks = [], notIpBlocks = [], remoteIpBlocks = [], notRemoteIpBlocks = [] }) => [
      ...ipBlocks,
      ...notIpBlocks,
      ...remoteIpBlocks,
      ...notRemoteIpBlocks,
    ]),
    ...rule.when.filter(isOfAddress).flatMap(({ values, notValues }) => [...values, ...notValues]),
  ];
}

const noBlocks: readonly string[] = [];

function isOfAddress({ key }: ConditionState): boolean {
  return key === "source.ip" || key === "remote.ip";
}
