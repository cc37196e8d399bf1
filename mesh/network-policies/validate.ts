import ipaddr from "ipaddr.js";
import { formatPath, isJsonObject, type JsonObject, type KubernetesObject, type ValuePath } from "../manifests";
import { isDnsSubdomain } from "../manifests/names";
import { type Schema, schemaProblems, type SchemaProblem } from "../manifests/schema";

const text = { type: "string" } as const;
const selector: Schema = {
  type: "object",
  properties: {
    matchLabels: { type: "map", values: text },
    matchExpressions: {
      type: "array",
      items: {
        type: "object",
        properties: {
          key: text,
          operator: { type: "string", enum: ["In", "NotIn", "Exists", "DoesNotExist"] },
          values: { type: "array", items: text },
        },
        required: ["key", "operator"],
      },
    },
  },
};
const peers: Schema = {
  type: "array",
  items: {
    type: "object",
    properties: {
      podSelector: selector,
      namespaceSelector: selector,
      ipBlock: {
        type: "object",
        properties: { cidr: text, except: { type: "array", items: text } },
        required: ["cidr"],
      },
    },
  },
};
const portNumber = { type: "integer", minimum: 1, maximum: 65_535 } as const;
const ports: Schema = {
  type: "array",
  items: {
    type: "object",
    properties: {
      protocol: { type: "string", enum: ["TCP", "UDP", "SCTP"] },
      port: { type: "integer-or-string" },
      endPort: portNumber,
    },
  },
};
const rules = (key: "from" | "to"): Schema => ({
  type: "array",
  items: { type: "object", properties: { [key]: peers, ports } },
});
const spec: Schema = {
  type: "object",
  properties: {
    podSelector: selector,
    policyTypes: { type: "array", items: { type: "string", enum: ["Ingress", "Egress"] } },
    ingress: rules("from"),
    egress: rules("to"),
  },
};

/** What the API server refuses of a NetworkPolicy (pkg/apis/networking/validation), fields that it does not know included. */
export function networkPolicyProblems(object: KubernetesObject): readonly SchemaProblem[] {
  // Null stands for a field that is not there, and for a list's empty item.
  const given = withoutNull(Reflect.get(object, "spec") ?? {});
  const found = schemaProblems(given, spec, "spec");
  return found.length > 0 || !isJsonObject(given) ? found : semanticProblems(given);
}

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === null ? {} : withoutNull(item)));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNull(item)]])),
  );
}

function semanticProblems(given: JsonObject): readonly SchemaProblem[] {
  const found: SchemaProblem[] = [];
  const report = (path: ValuePath, problem: string, remedy: string): void => {
    found.push({ path: formatPath(path), problem, remedy });
  };
  checkSelector(given["podSelector"], ["spec", "podSelector"], report);
  if (listOf(given["policyTypes"]).length > 2) {
    report(["spec", "policyTypes"], "has more than two entries", "write Ingress, Egress or both, each once");
  }
  for (const [direction, key] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    listOf(given[direction]).forEach((rule, index) => {
      const at = ["spec", direction, index];
      listOf(field(rule, key)).forEach((peer, number) => checkPeer(peer, [...at, key, number], report));
      listOf(field(rule, "ports")).forEach((port, number) => checkPort(port, [...at, "ports", number], report));
    });
  }
  return found;
}

type Report = (path: ValuePath, problem: string, remedy: string) => void;

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function field(value: unknown, key: string): unknown {
  return isJsonObject(value) ? value[key] : undefined;
}

function checkPeer(peer: unknown, path: ValuePath, report: Report): void {
  const [pods, namespaces, block] = ["podSelector", "namespaceSelector", "ipBlock"].map((key) => field(peer, key));
  if (pods === undefined && namespaces === undefined && block === undefined) {
    report(
      path,
      "names no peer",
      "write podSelector, namespaceSelector or ipBlock; `podSelector: {}` is every pod of the namespace",
    );
  }
  if (block !== undefined && (pods !== undefined || namespaces !== undefined)) {
    report(path, "has ipBlock beside a selector", "make two peers of it");
  }
  checkSelector(pods, [...path, "podSelector"], report);
  checkSelector(namespaces, [...path, "namespaceSelector"], report);
  if (block !== undefined) checkBlock(block, [...path, "ipBlock"], report);
}

function checkBlock(block: unknown, path: ValuePath, report: Report): void {
  const cidr = field(block, "cidr");
  const range = rangeOf(cidr);
  if (range === undefined) {
    report([...path, "cidr"], `${JSON.stringify(cidr)} is no range of addresses`, "write one such as 10.0.0.0/8");
    return;
  }
  listOf(field(block, "except")).forEach((item, index) => {
    const inner = rangeOf(item);
    const at = [...path, "except", index];
    if (inner === undefined) {
      report(at, `${JSON.stringify(item)} is no range of addresses`, "write one such as 10.1.0.0/16");
    } else if (inner[0].kind() !== range[0].kind() || inner[1] <= range[1] || !inner[0].match(range[0], range[1])) {
      report(at, `${String(item)} is no smaller part of ${String(cidr)}`, "name a range within the cidr");
    }
  });
}

function rangeOf(value: unknown): ReturnType<typeof ipaddr.parseCIDR> | undefined {
  // The library takes 10/8 and 010.0.0.0/8 as well, the API server does not.
  if (
    typeof value !== "string" ||
    !/^((0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}|[\da-fA-F:.]*:[\da-fA-F:.]*)\/\d+$/.test(value)
  )
    return undefined;
  return ipaddr.isValidCIDR(value) ? ipaddr.parseCIDR(value) : undefined;
}

function checkPort(value: unknown, path: ValuePath, report: Report): void {
  const port = field(value, "port");
  const endPort = field(value, "endPort");
  if (typeof port === "number" && (port < 1 || port > 65_535)) {
    report([...path, "port"], `${String(port)} is no port`, "write one from 1 to 65535");
  }
  if (typeof port === "string" && !isPortName(port)) {
    const remedy = /^\d+$/.test(port)
      ? "write the number without quotes"
      : "write at most 15 lower-case letters, digits and single dashes";
    report([...path, "port"], `${JSON.stringify(port)} is no name of a port`, remedy);
  }
  if (endPort === undefined) return;
  if (typeof port !== "number") {
    report([...path, "endPort"], "stands beside no port number", "give port a number, the first of the range");
  } else if (typeof endPort === "number" && endPort < port) {
    report(
      [...path, "endPort"],
      `${String(endPort)} comes before port ${String(port)}`,
      "write the last port of the range",
    );
  }
}

/** IANA_SVC_NAME. */
function isPortName(name: string): boolean {
  return name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
}

function checkSelector(value: unknown, path: ValuePath, report: Report): void {
  const labels = field(value, "matchLabels");
  if (isJsonObject(labels)) {
    for (const [key, item] of Object.entries(labels)) {
      const at = [...path, "matchLabels", key];
      checkKey(key, at, report);
      checkValue(item, at, report);
    }
  }
  listOf(field(value, "matchExpressions")).forEach((expression, index) => {
    const at = [...path, "matchExpressions", index];
    const operator = field(expression, "operator");
    const values = listOf(field(expression, "values"));
    checkKey(field(expression, "key"), [...at, "key"], report);
    values.forEach((item, number) => checkValue(item, [...at, "values", number], report));
    const needsValues = operator === "In" || operator === "NotIn";
    if (needsValues && values.length === 0) {
      report([...at, "values"], `is empty, but the operator is ${operator}`, "name the values");
    }
    if (!needsValues && values.length > 0) {
      report([...at, "values"], `has values, but the operator is ${String(operator)}`, "leave values out, or write In");
    }
  });
}

function checkKey(key: unknown, path: ValuePath, report: Report): void {
  const parts = typeof key === "string" ? key.split("/") : [];
  const name = parts.at(-1) ?? "";
  const [prefix] = parts;
  const isKey = parts.length === 1 || (parts.length === 2 && prefix !== undefined && isDnsSubdomain(prefix));
  if (!isKey || !isLabelName(name)) {
    report(path, `${JSON.stringify(key)} is no name of a label`, "write one such as app or example.org/app");
  }
}

function checkValue(value: unknown, path: ValuePath, report: Report): void {
  if (value === "" || isLabelName(String(value))) return;
  report(
    path,
    `${JSON.stringify(value)} is no value of a label`,
    "write at most 63 letters, digits, dashes, dots and underscores",
  );
}

function isLabelName(name: string): boolean {
  return name.length <= 63 && /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name);
}
