import { type ArmContext, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { jsonBody } from "../http";
import { isObject, type Json, type JsonObject, objectAt, stringAt } from "../json";
import { typeKey } from "../resource-id";
import { findResource } from "../resource-manager/resources";
import { checkDefinition, requireKnownEffect } from "./check-rule";

const DEFINITIONS = "microsoft.authorization/policydefinitions";
const ASSIGNMENTS = "microsoft.authorization/policyassignments";

/** Checks policy definitions and assignments before they are kept like any other resource. */
export const policiesHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (part === undefined || request.method !== "PUT") return undefined;
  const name = part.names[0] ?? "";
  const type = typeKey(part);
  if (type === DEFINITIONS) checkDefinition(name, objectAt(jsonBody(request), "properties"));
  if (type === ASSIGNMENTS) checkAssignment(context, name, request);
  return undefined;
};

/** The assignments that there are. */
export function assignmentsOf(context: ArmContext): readonly JsonObject[] {
  return context.store
    .list("resource:")
    .map(({ value }) => value)
    .filter((resource) => stringAt(resource, "type")?.toLowerCase() === ASSIGNMENTS);
}

/** A definition with the values of one of its assignments. */
export interface Assigned {
  readonly definition: JsonObject;
  readonly rule: JsonObject;
  readonly effect: string;
  readonly parameters: JsonObject;
}

/** What an assignment assigns; undefined where its definition is gone. */
export function assigned(context: ArmContext, assignment: JsonObject): Assigned | undefined {
  const definition = findResource(context, stringAt(assignment, "properties", "policyDefinitionId") ?? "");
  if (definition === undefined) return undefined;
  const parameters = valuesOf(definition, objectAt(assignment, "properties", "parameters"));
  const rule = objectAt(definition, "properties", "policyRule");
  const written = stringAt(rule, "then", "effect") ?? "";
  const parameter = /^\[\s*parameters\(\s*'([^']+)'\s*\)\s*\]$/i.exec(written)?.[1];
  const effect = parameter === undefined ? written : String(parameters[parameter] ?? "");
  return { definition, rule, effect, parameters };
}

/** Each parameter's value: the assignment's, or else the definition's default. */
function valuesOf(definition: JsonObject, given: JsonObject): JsonObject {
  const declared = objectAt(definition, "properties", "parameters");
  return Object.fromEntries(
    Object.entries(declared).map(([name, one]) => {
      const value = objectAt(given, name)["value"];
      return [name, value ?? (isObject(one) ? one["defaultValue"] : undefined)];
    }),
  );
}

/** @throws ArmError where the definition is none, the parameters are not its own, or the emulator could not evaluate it. */
function checkAssignment(context: ArmContext, name: string, request: ResourceRequest): void {
  const properties = objectAt(jsonBody(request), "properties");
  const definitionId = stringAt(properties, "policyDefinitionId") ?? "";
  if (/\/policysetdefinitions\//i.test(definitionId)) {
    throw new ArmError(
      400,
      "UnsupportedOperation",
      "The sandbox evaluates no initiatives (policySetDefinitions): assign their policy definitions.",
    );
  }
  const definition = findResource(context, definitionId);
  if (definition === undefined) {
    throw new ArmError(
      404,
      "PolicyDefinitionNotFound",
      `The policy definition '${definitionId.split("/").at(-1) ?? ""}' could not be found. (The sandbox knows none of Azure's built-in ones.)`,
    );
  }
  const declared = objectAt(definition, "properties", "parameters");
  const given = objectAt(properties, "parameters");
  const definitionName = stringAt(definition, "name") ?? "";
  const unknown = Object.keys(given).find((one) => declared[one] === undefined);
  if (unknown !== undefined) {
    throw new ArmError(
      400,
      "UndefinedPolicyParameter",
      `The policy assignment '${name}' has defined the parameters '${unknown}', which are not defined in the policy definition '${definitionName}'.`,
    );
  }
  const values = valuesOf(definition, given);
  const missing = Object.keys(declared).find((one) => values[one] === undefined);
  if (missing !== undefined) {
    throw new ArmError(
      400,
      "MissingPolicyParameter",
      `The policy assignment '${name}' is missing the parameter(s) '${missing}' as defined in the policy definition '${definitionName}'.`,
    );
  }
  for (const [parameter, one] of Object.entries(declared)) requireType(name, parameter, one, values[parameter]);
  const assignment: JsonObject = { properties };
  requireKnownEffect(definitionName, assigned(context, assignment)?.effect ?? "");
}

/** @throws ArmError 400 where a value is not of the parameter's type, or none of its allowed values. */
function requireType(name: string, parameter: string, declared: Json | undefined, value: Json | undefined): void {
  const type = (stringAt(declared, "type") ?? "string").toLowerCase();
  const isOf: Readonly<Record<string, boolean>> = {
    array: Array.isArray(value),
    boolean: typeof value === "boolean",
    float: typeof value === "number",
    integer: Number.isInteger(value),
    object: isObject(value),
    string: typeof value === "string",
  };
  if (isOf[type] !== true) {
    throw new ArmError(
      400,
      "InvalidPolicyParameterType",
      `The value of the parameter '${parameter}' of the policy assignment '${name}' is not of the type '${type}'.`,
    );
  }
  const allowed = isObject(declared) ? declared["allowedValues"] : undefined;
  const values = Array.isArray(value) ? value : [value];
  if (!Array.isArray(allowed) || values.every((one) => allowed.some((other) => other === one))) return;
  throw new ArmError(
    400,
    "PolicyParameterValueNotAllowed",
    `The value of the parameter '${parameter}' of the policy assignment '${name}' is none of its allowed values.`,
  );
}
