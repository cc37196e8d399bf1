import { type Expression, expressionIn, parseExpression } from "../deployments/expression-parser";
import { plainFunctions } from "../deployments/template-functions";
import { isObject, type Json, type JsonObject } from "../json";
import { type Current, fieldValues } from "./fields";

/** What a rule is evaluated for. */
export interface PolicyScope {
  readonly parameters: JsonObject;
  /** As it would be after the request, with its type, name and id. */
  readonly resource: JsonObject;
  /** Undefined for what is in none. */
  readonly resourceGroup: JsonObject | undefined;
  readonly subscription: JsonObject;
  readonly apiVersion: string;
  readonly current: Current;
}

/** Functions of policies that the emulator knows beside those of templates that need their arguments alone. In lower case. */
const CONTEXT = ["field", "parameters", "requestcontext", "resourcegroup", "subscription"];

/** A rule could not be evaluated. Azure denies then (https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule). */
export class EvaluationFailure extends Error {}

/** A value of a rule with its expressions carried out. @throws EvaluationFailure. */
export function policyValue(value: Json | undefined, scope: PolicyScope): Json {
  if (typeof value === "string") {
    const source = expressionIn(value);
    return source === undefined ? value : run(parseExpression(source), scope);
  }
  if (Array.isArray(value)) return value.map((one) => policyValue(one, scope));
  return value ?? null;
}

function run(expression: Expression, scope: PolicyScope): Json {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "member": {
      const of = run(expression.of, scope);
      const key = run(expression.key, scope);
      if (Array.isArray(of) && typeof key === "number") return of[key] ?? null;
      return isObject(of) ? (of[String(key)] ?? null) : null;
    }
    case "call":
      return call(
        expression.name.toLowerCase(),
        expression.arguments.map((one) => run(one, scope)),
        scope,
      );
  }
}

function call(name: string, values: readonly Json[], scope: PolicyScope): Json {
  switch (name) {
    case "parameters":
      return scope.parameters[String(values[0])] ?? null;
    case "field":
      return fieldValues(scope.resource, String(values[0]), scope.current)[0] ?? null;
    case "resourcegroup":
      // Azure's function has no value for what is in no group, and a rule that reads it there fails.
      if (scope.resourceGroup === undefined) throw new EvaluationFailure("the resource is in no resource group");
      return scope.resourceGroup;
    case "subscription":
      return scope.subscription;
    case "requestcontext":
      return { apiVersion: scope.apiVersion };
    default: {
      const known = plainFunctions[name];
      if (known === undefined) throw new EvaluationFailure(`there is no function '${name}'`);
      return known(values);
    }
  }
}

/** Functions and parameters that a value of a rule asks for. @throws ArmError where an expression cannot be read. */
export function asksFor(value: Json | undefined): {
  readonly functions: readonly string[];
  readonly parameters: readonly string[];
} {
  const functions: string[] = [];
  const parameters: string[] = [];
  const visit = (expression: Expression): void => {
    if (expression.kind === "member") {
      visit(expression.of);
      visit(expression.key);
    } else if (expression.kind === "call") {
      functions.push(expression.name);
      const [first] = expression.arguments;
      if (expression.name.toLowerCase() === "parameters" && first?.kind === "literal") {
        parameters.push(String(first.value));
      }
      expression.arguments.forEach(visit);
    }
  };
  for (const text of Array.isArray(value) ? value : [value]) {
    const source = typeof text === "string" ? expressionIn(text) : undefined;
    if (source !== undefined) visit(parseExpression(source));
  }
  return { functions, parameters };
}

/** Whether the emulator carries out a function in a rule. */
export function isKnownFunction(name: string): boolean {
  return CONTEXT.includes(name.toLowerCase()) || plainFunctions[name.toLowerCase()] !== undefined;
}
