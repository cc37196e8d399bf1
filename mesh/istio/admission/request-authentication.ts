import { type Report } from "../../analysis/object-report";
import { isJsonObject } from "../../manifests";
import { type JwtRule, type RequestAuthentication } from "../kinds";
import { checkSelector } from "./selector";

/** What the kind's schema and istiod's webhook refuse of a RequestAuthentication (pkg/config/validation, ValidateRequestAuthentication). */
export function checkRequestAuthentication({ spec }: RequestAuthentication, report: Report): void {
  const { selector, targetRef, targetRefs, jwtRules = [] } = spec;
  if ([selector, targetRef, targetRefs].filter((one) => one !== undefined).length > 1) {
    refuse(report, "spec.targetRefs", "is there beside another selection", "keep selector, or targetRefs");
  }
  checkSelector(selector, report);
  jwtRules.forEach((rule, index) => checkRule(rule, `spec.jwtRules[${String(index)}]`, report));
}

function refuse(report: Report, path: string, problem: string, remedy: string): void {
  report.error("jwt-rule", path, problem, remedy, "webhook");
}

const headerName = /^[-_A-Za-z0-9]+$/;

function checkRule(rule: JwtRule, path: string, report: Report): void {
  const { issuer, jwks, jwksUri, audiences = [], fromHeaders = [], fromParams = [], fromCookies = [] } = rule;
  if (issuer === "") refuse(report, `${path}.issuer`, "is empty", "write the claim iss of the tokens");
  if (issuer === undefined && jwksUri === undefined) {
    refuse(report, `${path}.issuer`, "is missing, and jwksUri too", "write the claim iss of the tokens");
  }
  if (jwks !== undefined && jwksUri !== undefined) {
    refuse(report, `${path}.jwks`, "is there beside jwksUri", "keep one of the two");
  }
  if (jwksUri !== undefined && !isHttpAddress(jwksUri)) {
    refuse(report, `${path}.jwksUri`, `${JSON.stringify(jwksUri)} is no address of http or https`, "write https://…");
  }
  if (jwks !== undefined && !isKeySet(jwks)) {
    refuse(report, `${path}.jwks`, "is no set of keys", 'write JSON such as {"keys":[{"kty":"EC",…}]}');
  }
  const named = { audiences, fromHeaders: fromHeaders.map(({ name }) => name), fromParams, fromCookies };
  for (const [field, values] of Object.entries(named)) {
    const at = values.indexOf("");
    if (at >= 0) refuse(report, `${path}.${field}[${String(at)}]`, "is empty", "write a value, or take it out");
  }
  (rule.outputClaimToHeaders ?? []).forEach(({ claim, header }, index) => {
    const place = `${path}.outputClaimToHeaders[${String(index)}]`;
    if (claim === "") refuse(report, `${place}.claim`, "is empty", "name a claim");
    if (!headerName.test(header)) {
      refuse(
        report,
        `${place}.header`,
        `${JSON.stringify(header)} is no name of a header`,
        "write letters, digits, - and _",
      );
    }
  });
}

function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

/** Whether a text is JSON of one key or several (RFC 7517). */
function isKeySet(text: string): boolean {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return false;
  }
  return isJsonObject(read) && (Array.isArray(read["keys"]) || typeof read["kty"] === "string");
}
