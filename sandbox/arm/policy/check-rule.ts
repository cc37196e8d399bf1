import { hasProperty } from "../container-service/model";
import { ArmError } from "../errors";
import { isObject, type Json, type JsonObject, objectAt } from "../json";
import { hasManyWildcards, operators, otherOperators } from "./conditions";
import { asksFor, isKnownFunction } from "./expressions";
import { parseField } from "./fields";

/** Effects that Azure has, by whether the emulator carries them out. In lower case. */
const EFFECTS: Readonly<Record<string, boolean>> = {
  deny: true,
  audit: true,
  disabled: true,
  addtonetworkgroup: false,
  append: false,
  auditifnotexists: false,
  deployifnotexists: false,
  denyaction: false,
  manual: false,
  modify: false,
  mutate: false,
};

/** Types whose properties the emulator knows, and the models that describe them. */
const MODELS: Readonly<Record<string, string>> = {
  "microsoft.containerservice/managedclusters": "ManagedCluster",
  "microsoft.containerservice/managedclusters/agentpools": "AgentPool",
};

function invalid(name: string, detail: string): ArmError {
  return new ArmError(400, "InvalidPolicyRule", `The policy definition '${name}' rule is invalid. ${detail}`);
}

function unsupported(what: string): ArmError {
  return new ArmError(400, "UnsupportedOperation", `The sandbox does not evaluate ${what} of a policy.`);
}

/**
 * Checks a policy definition: its rule can be read, names aliases and parameters that there are, and asks for nothing that the emulator cannot
 * evaluate.
 *
 * @throws ArmError 400 InvalidPolicyRule, InvalidPolicyAlias or UnsupportedOperation.
 */
export function checkDefinition(name: string, properties: JsonObject): void {
  const { policyRule: rule, mode } = properties;
  if (!isObject(rule) || !isObject(rule["if"]) || !isObject(rule["then"])) {
    throw invalid(name, "It needs the objects 'if' and 'then'.");
  }
  if (mode !== undefined && !/^(?:all|indexed|notspecified)$/i.test(String(mode))) {
    throw unsupported(`the mode '${String(mode)}'`);
  }
  const declared = Object.keys(objectAt(properties, "parameters")).map((key) => key.toLowerCase());
  const check = (value: Json | undefined): void => {
    const { functions, parameters } = asksFor(value);
    const other = functions.find((one) => !isKnownFunction(one));
    if (other !== undefined) throw unsupported(`the function '${other}'`);
    const missing = parameters.find((one) => !declared.includes(one.toLowerCase()));
    if (missing !== undefined) throw invalid(name, `The parameter '${missing}' is used and not defined.`);
  };
  checkCondition(name, rule["if"], check);
  const effect = rule["then"]["effect"];
  if (typeof effect !== "string") throw invalid(name, "'then' needs an effect.");
  check(effect);
  if (!effect.startsWith("[")) requireKnownEffect(name, effect);
}

/** @throws ArmError 400 where Azure has no such effect, or the emulator does not carry it out. */
export function requireKnownEffect(name: string, effect: string): void {
  const known = EFFECTS[effect.toLowerCase()];
  if (known === undefined) throw invalid(name, `There is no effect '${effect}'.`);
  if (!known) throw unsupported(`the effect '${effect}'`);
}

function checkCondition(name: string, condition: JsonObject, check: (value: Json | undefined) => void): void {
  for (const key of ["allOf", "anyOf"]) {
    const parts = condition[key];
    if (parts === undefined) continue;
    if (!Array.isArray(parts) || !parts.every(isObject)) throw invalid(name, `'${key}' needs an array of conditions.`);
    for (const part of parts) checkCondition(name, part, check);
    return;
  }
  if (isObject(condition["not"])) return checkCondition(name, condition["not"], check);
  const { field, value, count, ...rest } = condition;
  if (isObject(count)) {
    if (count["value"] !== undefined) throw unsupported("the 'count' over values");
    checkField(name, count["field"]);
    if (isObject(count["where"])) checkCondition(name, count["where"], check);
  } else if (field !== undefined) checkField(name, field);
  else if (value !== undefined) check(value);
  else throw invalid(name, "A condition needs 'field', 'value' or 'count'.");
  const [operator, ...others] = Object.keys(rest);
  const key = (operator ?? "").toLowerCase();
  if (otherOperators.includes(key)) throw unsupported(`the condition '${operator ?? ""}'`);
  if (operators[key] === undefined || others.length > 0) {
    const member = operators[key] === undefined ? (operator ?? "") : (others[0] ?? "");
    throw new ArmError(
      400,
      "InvalidPolicyRule",
      `Failed to parse policy rule: 'Could not find member '${member}' on object of type 'LeafExpressionDefinition'. Path '${member}'.'.`,
    );
  }
  const wanted = rest[operator ?? ""];
  if (["like", "notlike"].includes(key) && hasManyWildcards(wanted)) {
    throw invalid(name, `'${String(wanted)}' has more than one wildcard.`);
  }
  check(wanted);
}

function checkField(name: string, field: Json | undefined): void {
  const parsed = typeof field === "string" ? parseField(field) : undefined;
  if (parsed === undefined) throw invalid(name, `There is no field '${String(field)}'.`);
  if (parsed.kind !== "alias") return;
  const model = MODELS[parsed.type.toLowerCase()];
  if (model === undefined) return;
  const path = parsed.path.map((part) => part.replace(/\[\*\]$/, ""));
  if (hasProperty(model, path) || hasProperty(model, ["properties", ...path])) return;
  const [provider = "", ...types] = parsed.type.split("/");
  throw new ArmError(
    400,
    "InvalidPolicyAlias",
    `The policy definition '${name}' rule is invalid. The 'field' property '${String(field)}' of the policy rule doesn't exist as an alias under provider '${provider}' and resource type '${types.join("/")}'.`,
  );
}
