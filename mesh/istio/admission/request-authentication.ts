import { type Report } from "../../analysis/object-report";
import { isJsonObject } from "../../manifests";
import { type JwtRule, type RequestAuthentication } from "../kinds";
import { checkDuration } from "./durations";
import { checkSelector } from "./selector";
import { checkTargetRefs } from "./target-ref";
import { type Refuse, refusing } from "./webhook";

/** What istiod's webhook refuses of a RequestAuthentication (pkg/config/validation, ValidateRequestAuthentication). */
export function checkRequestAuthentication({ spec }: RequestAuthentication, report: Report): void {
  const refuse = refusing(report);
  const { selector, jwtRules = [] } = spec;
  checkSelector(selector, report);
  checkTargetRefs(spec, refuse);
  jwtRules.forEach((rule, index) => checkRule(rule, `spec.jwtRules[${String(index)}]`, refuse));
}

function checkRule(
  { issuer, jwks = "", jwksUri, jwks_uri: older, timeout }: JwtRule,
  path: string,
  refuse: Refuse,
): void {
  if (issuer === undefined && jwksUri === undefined && older === undefined) {
    refuse("jwt-rule", `${path}.issuer`, "is missing, and jwksUri too", "write the claim iss of the tokens");
  }
  checkDuration(timeout, `${path}.timeout`, refuse);
  if (jwks !== "" && !isKeySet(jwks)) {
    refuse("jwt-rule", `${path}.jwks`, "is no set of keys", 'write JSON such as {"keys":[{"kty":"EC",…}]}');
  }
}

/** Whether a text is JSON of one key or several (RFC 7517). */
function isKeySet(text: string): boolean {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isJsonObject(read)) return false;
  const { keys } = read;
  return Array.isArray(keys) ? keys.every(isKey) : isKey(read);
}

/** What each type of key cannot do without (RFC 7518, section 6). */
const parts: Readonly<Record<string, readonly string[]>> = {
  EC: ["crv", "x", "y"],
  RSA: ["n", "e"],
  OKP: ["crv", "x"],
  oct: ["k"],
};

function isKey(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { kty } = value;
  const needed = typeof kty === "string" && Object.hasOwn(parts, kty) ? parts[kty] : undefined;
  return needed !== undefined && needed.every((part) => typeof value[part] === "string" && value[part] !== "");
}
