import ipaddr from "ipaddr.js";
import { type Report } from "../../analysis/object-report";
import { isTemplate } from "../authorization/matcher";
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  type Condition,
  type Operation,
  type Source,
} from "../kinds";
import { checkSelector } from "./selector";
import { checkTargetRefs } from "./target-ref";
import { refusing } from "./webhook";

/** What istiod's webhook refuses of an AuthorizationPolicy (pkg/config/validation, ValidateAuthorizationPolicy), and what it takes. */
export function checkAuthorizationPolicy({ spec }: AuthorizationPolicy, report: Report): void {
  const { selector, action = "ALLOW", rules, provider } = spec;
  checkSelector(selector, report);
  checkTargetRefs(spec, refusing(report));
  const has = (rules ?? []).length > 0;
  if ((action === "DENY" || action === "CUSTOM") && !has) {
    refuse(
      report,
      "policy-without-rules",
      "spec.rules",
      `is ${rules === undefined ? "missing" : "empty"}, and action ${action} without rules does nothing`,
      "write rules: [{}] for every request",
    );
  }
  if (action === "CUSTOM" && has && (provider?.name ?? "") === "") {
    refuse(
      report,
      "policy-provider",
      "spec.provider.name",
      "is missing",
      "name an extension provider of the mesh's configuration",
    );
  }
  if (action !== "CUSTOM" && provider !== undefined) {
    refuse(
      report,
      "policy-provider",
      "spec.provider",
      `is there with action ${action}`,
      "write action: CUSTOM, or take it out",
    );
  }
  (rules ?? []).forEach((rule, index) => checkRule(rule, `spec.rules[${String(index)}]`, action, report));
}

function refuse(report: Report, check: string, path: string, problem: string, remedy: string): void {
  report.error(check, path, problem, remedy, "webhook");
}

function checkRule(rule: AuthorizationRule, path: string, action: string, report: Report): void {
  (rule.from ?? []).forEach((one, index) => {
    const place = `${path}.from[${String(index)}].source`;
    const { source } = one as Partial<typeof one>;
    if (
      source === undefined ||
      Object.values(source).every((list: readonly string[] | undefined) => (list ?? []).length === 0)
    ) {
      refuse(report, "policy-empty", place, "names nobody", "take from out for every caller, or name principals");
      return;
    }
    checkSource(source, place, report);
    if (action === "CUSTOM") checkCustomSource(source, place, report);
  });
  (rule.to ?? []).forEach((one, index) => {
    const place = `${path}.to[${String(index)}].operation`;
    const { operation } = one as Partial<typeof one>;
    if (
      operation === undefined ||
      Object.values(operation).every((list: readonly string[] | undefined) => (list ?? []).length === 0)
    ) {
      refuse(
        report,
        "policy-empty",
        place,
        "names nothing",
        "take to out for whatever is sent, or name methods, paths, hosts or ports",
      );
      return;
    }
    checkOperation(operation, place, report);
  });
  (rule.when ?? []).forEach((condition, index) => {
    const place = `${path}.when[${String(index)}]`;
    checkCondition(condition, place, report);
    if (action === "CUSTOM" && ofCallers.test(condition.key)) {
      refuse(
        report,
        "policy-custom",
        `${place}.key`,
        `${condition.key} is not taken with action CUSTOM`,
        "write it in an ALLOW or DENY policy",
      );
    }
  });
}

/** Keys that tell who calls, which policies with action CUSTOM do not ask for. */
const ofCallers = /^(?:source\.(?:namespace|serviceAccount|trustDomain|principal)$|request\.auth\.)/;

function checkSource(source: Source, path: string, report: Report): void {
  for (const [field, values] of Object.entries(source) as [keyof Source, readonly string[] | undefined][]) {
    (values ?? []).forEach((value, index) => {
      const place = `${path}.${field}[${String(index)}]`;
      if (value === "") refuse(report, "policy-value", place, "is empty", "write a value, or take it out");
      else if (/ipblocks$/i.test(field)) checkAddress(value, place, report);
      else if (/serviceaccounts$/i.test(field)) checkServiceAccount(value, place, report);
      else if (/trustdomains$/i.test(field)) {
        if (value.includes("/"))
          refuse(report, "policy-value", place, `${JSON.stringify(value)} has a /`, "write the trust domain alone");
        checkStars(value, place, report);
      }
    });
    if (/serviceaccounts$/i.test(field) && (values ?? []).length > 16) {
      refuse(
        report,
        "policy-value",
        `${path}.${field}`,
        "has more than 16 values",
        "write principals, of which there may be more",
      );
    }
  }
  const {
    principals = [],
    notPrincipals = [],
    namespaces = [],
    notNamespaces = [],
    serviceAccounts = [],
    notServiceAccounts = [],
  } = source;
  if (
    principals.length + notPrincipals.length + namespaces.length + notNamespaces.length > 0 &&
    serviceAccounts.length + notServiceAccounts.length > 0
  ) {
    refuse(
      report,
      "policy-value",
      `${path}.serviceAccounts`,
      "is there with principals or namespaces",
      "keep one of the two",
    );
  }
  [...principals, ...notPrincipals].forEach((value) => {
    if (value.startsWith("spiffe://")) {
      report.error(
        "policy-principal",
        `${path}.principals`,
        `${JSON.stringify(value)} begins with spiffe://, which Istio adds itself: it is nobody's`,
        `write ${value.slice("spiffe://".length)}`,
      );
    }
  });
}

function checkCustomSource(source: Source, path: string, report: Report): void {
  for (const field of Object.keys(source)) {
    if (!/ipblocks$/i.test(field)) {
      refuse(
        report,
        "policy-custom",
        `${path}.${field}`,
        "is not taken with action CUSTOM",
        "write it in an ALLOW or DENY policy",
      );
    }
  }
}

function checkOperation(operation: Operation, path: string, report: Report): void {
  for (const [field, values] of Object.entries(operation) as [keyof Operation, readonly string[] | undefined][]) {
    (values ?? []).forEach((value, index) => {
      const place = `${path}.${field}[${String(index)}]`;
      if (value === "") refuse(report, "policy-value", place, "is empty", "write a value, or take it out");
      else if (/ports$/i.test(field)) checkPort(value, place, report);
      else if (/paths$/i.test(field)) checkPath(value, place, report);
    });
  }
}

function checkPort(value: string, path: string, report: Report): void {
  if (!/^\d+$/.test(value) || Number(value) > 65535) {
    refuse(
      report,
      "policy-port",
      path,
      `${JSON.stringify(value)} is no port`,
      "write the number of the pods' port, as a string",
    );
  }
}

const literal = /^[a-zA-Z0-9\-._~!$&'()*+,;:@/%=]+$/;

/** Templates are whole segments, `{**}` the last of them. */
function checkPath(value: string, path: string, report: Report): void {
  const bad = (problem: string, remedy: string): void =>
    refuse(report, "policy-path", path, `${JSON.stringify(value)}: ${problem}`, remedy);
  let seen = false;
  for (const segment of value.replace(/^\/+|\/+$/g, "").split("/")) {
    if (segment === "{*}" || segment === "{**}") {
      if (seen) return bad("{**} is not the last operator", "let {**} come last");
      seen = segment === "{**}";
    } else if (/[{}]/.test(segment)) {
      return bad(
        "{ and } are for {*} and {**} alone, each a whole segment",
        "write {*} for one segment, a last {**} for any number",
      );
    } else if (isTemplate(value) && segment !== "" && !literal.test(segment)) {
      return bad(`the segment ${segment} has characters that a template does not take`, "escape them");
    }
  }
}

function checkCondition({ key, values = [], notValues = [] }: Condition, path: string, report: Report): void {
  if (key === "")
    return refuse(report, "policy-key", `${path}.key`, "is empty", "write one such as request.headers[x-team]");
  const all = [...values, ...notValues];
  if (all.length === 0)
    return refuse(report, "policy-value", `${path}.values`, "is missing, and notValues too", "write one of the two");
  if (all.includes(""))
    refuse(report, "policy-value", `${path}.values`, "has an empty value", "write a value, or take it out");
  if (key.startsWith("request.headers") || key.startsWith("request.auth.claims") || key.startsWith("experimental.")) {
    if (!/^[\w.]+(\[[^[\]]+\])+$/.test(key)) {
      refuse(
        report,
        "policy-key",
        `${path}.key`,
        `${JSON.stringify(key)} has no name in brackets`,
        "write one such as request.headers[x-team]",
      );
    }
    return;
  }
  switch (key) {
    case "source.ip":
    case "remote.ip":
    case "destination.ip":
      for (const value of all) checkAddress(value, path, report);
      return;
    case "destination.port":
      for (const value of all) checkPort(value, path, report);
      return;
    case "source.serviceAccount":
      for (const value of all) checkServiceAccount(value, path, report);
      return;
    case "source.trustDomain":
      for (const value of all) checkStars(value, path, report);
      return;
    case "source.namespace":
    case "source.principal":
    case "request.auth.principal":
    case "request.auth.audiences":
    case "request.auth.presenter":
    case "connection.sni":
      return;
    default:
      refuse(
        report,
        "policy-key",
        `${path}.key`,
        `${JSON.stringify(key)} is unknown`,
        `write one of ${keys.join(", ")}`,
      );
  }
}

const keys = [
  "request.headers[…]",
  "source.ip",
  "remote.ip",
  "source.namespace",
  "source.principal",
  "source.serviceAccount",
  "source.trustDomain",
  "request.auth.principal",
  "request.auth.audiences",
  "request.auth.presenter",
  "request.auth.claims[…]",
  "destination.ip",
  "destination.port",
  "connection.sni",
];

function checkAddress(value: string, path: string, report: Report): void {
  if (value === "") return;
  if (value.includes("/") ? !ipaddr.isValidCIDR(value) : !ipaddr.isValid(value)) {
    refuse(
      report,
      "policy-address",
      path,
      `${JSON.stringify(value)} is no address and no CIDR`,
      "write one such as 10.1.0.0/16",
    );
  }
}

function checkServiceAccount(value: string, path: string, report: Report): void {
  if (!/^([^/*]+\/)?[^/*]+$/.test(value)) {
    refuse(
      report,
      "policy-value",
      path,
      `${JSON.stringify(value)} is no service account`,
      "write namespace/account, without *",
    );
  }
}

function checkStars(value: string, path: string, report: Report): void {
  const stars = value.split("*").length - 1;
  if (stars > 1 || (stars === 1 && !value.startsWith("*") && !value.endsWith("*"))) {
    refuse(report, "policy-value", path, `${JSON.stringify(value)} has a * inside`, "let one * begin or end it");
  }
}
