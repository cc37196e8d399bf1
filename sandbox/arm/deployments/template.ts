import { isObject, type Json, type JsonObject, objectAt, stringAt, stringsAt } from "../json";
import { countOf, evaluate, referencesIn, repeat, resourcePath, type Scope } from "./evaluate";
import { invalidTemplate } from "./expression-parser";
import { text } from "./template-functions";

/** A resource of a template, ready to be written once what it depends on is there. */
export interface PlannedResource {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string;
  /** Ids of others in the template that come first. */
  readonly after: readonly string[];
  /** The body of its PUT: looked up late, because it may refer to what comes first. */
  body(): JsonObject;
}

/** A template with its parameters: what it would write, in order, and what it then says. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  /** Values of the parameters, without secrets. */
  readonly parameters: JsonObject;
  outputs(): JsonObject;
}

/** Where a template is deployed, and how it finds what is there already. */
export type Surroundings = Omit<Scope, "parameters" | "variables" | "loops">;

/** Properties of a template's resource that are no part of its body. */
const ABOUT = [
  "type",
  "apiVersion",
  "name",
  "dependsOn",
  "copy",
  "condition",
  "comments",
  "resources",
  "scope",
  "resourceGroup",
  "subscriptionId",
  "existing",
  "metadata",
];
const TYPES: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === "string",
  securestring: (value) => typeof value === "string",
  int: (value) => typeof value === "number",
  bool: (value) => typeof value === "boolean",
  array: (value) => Array.isArray(value),
  object: (value) => isObject(value),
  secureobject: (value) => isObject(value),
};

/**
 * Reads a template: parameters, variables, loops, conditions, nested resources and the order of all.
 *
 * @param base `/subscriptions/{s}` or a resource group's id.
 * @throws ArmError 400 InvalidTemplate or InvalidTemplateDeployment that names what is wrong.
 */
export function planTemplate(template: JsonObject, given: JsonObject, base: string, around: Surroundings): Plan {
  for (const part of ["$schema", "contentVersion", "resources"]) {
    if (template[part] === undefined) throw invalidTemplate(`required property '${part}' not found in JSON`);
  }
  for (const part of ["functions", "definitions", "extensions", "imports"]) {
    const isUsed = Object.keys(objectAt(template, part)).length > 0 || stringsAt(template, part).length > 0;
    if (isUsed || (Array.isArray(template[part]) && template[part].length > 0)) {
      throw invalidTemplate(`the sandbox does not know '${part}' in a template`);
    }
  }
  const parameters = parametersOf(template, given, around);
  const variables = { ...objectAt(template, "variables") };
  const scope: Scope = { ...around, parameters, variables, loops: [] };
  for (const loop of Array.isArray(variables["copy"]) ? variables["copy"] : []) {
    if (isObject(loop)) variables[String(loop["name"])] = repeat(loop, scope);
  }
  delete variables["copy"];

  const symbols = new Map<string, string[]>();
  const entries = Array.isArray(template["resources"])
    ? template["resources"].filter(isObject).map((resource): [string | undefined, JsonObject] => [undefined, resource])
    : Object.entries(objectAt(template, "resources")).map(([symbol, resource]): [string, JsonObject] => [
        symbol,
        isObject(resource) ? resource : {},
      ]);
  // References by symbolic name become ids.
  const named: Scope = {
    ...scope,
    reference: (name, full) => scope.reference(symbols.get(name)?.[0] ?? byName(found, name)?.id ?? name, full),
    list: (action, name) => scope.list(action, symbols.get(name)?.[0] ?? name),
  };
  const found: Found[] = [];
  for (const [symbol, resource] of entries) {
    const expanded = expand(resource, base, named, undefined);
    if (symbol !== undefined)
      symbols.set(
        symbol,
        expanded.map(({ id }) => id),
      );
    found.push(...expanded.filter(({ isExisting }) => !isExisting));
  }
  const twice = found.find(({ id }, index) => found.findIndex((other) => sameId(other.id, id)) !== index);
  if (twice !== undefined) {
    throw invalidTemplate(`the resource '${twice.id}' is defined multiple times in a template`);
  }
  const resources = inOrder(
    found.map((resource) => ({
      ...resource,
      after: resource.waitsFor.flatMap((name) => {
        const ids = symbols.get(name) ?? found.filter((other) => answersTo(other, name)).map(({ id }) => id);
        return ids.filter((id) => !sameId(id, resource.id) && found.some((other) => sameId(other.id, id)));
      }),
    })),
  );
  return {
    resources,
    parameters: describeParameters(template, parameters),
    outputs: () => outputsOf(template, named),
  };
}

function parametersOf(template: JsonObject, given: JsonObject, around: Surroundings): JsonObject {
  const declared = objectAt(template, "parameters");
  const unknown = Object.keys(given).find((name) => !Object.keys(declared).some((key) => sameId(key, name)));
  if (unknown !== undefined) {
    throw invalidTemplate(
      `the template parameters '${unknown}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are '${Object.keys(declared).join(", ")}'`,
    );
  }
  const values: JsonObject = {};
  const missing: string[] = [];
  for (const [name, declaration] of Object.entries(declared)) {
    const definition = isObject(declaration) ? declaration : {};
    const entry = Object.entries(given).find(([key]) => sameId(key, name))?.[1];
    if (isObject(entry) && entry["reference"] !== undefined) {
      throw invalidTemplate(`the sandbox does not read the parameter '${name}' from a key vault: it holds no secrets`);
    }
    const explicit = isObject(entry) ? entry["value"] : undefined;
    const fallback = definition["defaultValue"];
    if (explicit === undefined && fallback === undefined) {
      if (definition["nullable"] === true) values[name] = null;
      else missing.push(name);
      continue;
    }
    const value = explicit ?? evaluate(fallback ?? null, { ...around, parameters: values, variables: {}, loops: [] });
    checkParameter(name, definition, value);
    values[name] = value;
  }
  if (missing.length > 0) {
    throw invalidTemplate(
      `the value for the template parameter '${missing.join("', '")}' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.`,
    );
  }
  return values;
}

function checkParameter(name: string, definition: JsonObject, value: Json): void {
  const type = (stringAt(definition, "type") ?? "").toLowerCase();
  const isType = TYPES[type];
  if (isType === undefined)
    throw invalidTemplate(`the parameter '${name}' has the type '${type}', which the sandbox does not know`);
  if (value === null && definition["nullable"] === true) return;
  if (!isType(value)) {
    throw invalidTemplate(`template parameter JToken type is not valid: '${name}' has to be of the type '${type}'`);
  }
  const allowed = definition["allowedValues"];
  if (
    Array.isArray(allowed) &&
    !Array.isArray(value) &&
    !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))
  ) {
    throw invalidTemplate(
      `the provided value '${text(value)}' for the template parameter '${name}' is not valid. The value is not part of the allowed value(s): '${allowed.map(text).join(",")}'`,
    );
  }
  const size = typeof value === "number" ? value : typeof value === "string" || Array.isArray(value) ? value.length : 0;
  const [least, most] = typeof value === "number" ? ["minValue", "maxValue"] : ["minLength", "maxLength"];
  for (const [bound, isBroken] of [
    [least, (limit: number) => size < limit],
    [most, (limit: number) => size > limit],
  ] as const) {
    const limit = bound === undefined ? undefined : definition[bound];
    if (typeof limit === "number" && isBroken(limit)) {
      throw invalidTemplate(`the provided value for the template parameter '${name}' breaks ${bound ?? ""} ${limit}`);
    }
  }
}

function describeParameters(template: JsonObject, values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const type = stringAt(template, "parameters", name, "type") ?? "";
      return [name, /^secure/i.test(type) ? { type } : { type, value }];
    }),
  );
}

interface Found extends Omit<PlannedResource, "after"> {
  readonly name: string;
  /** The loop that it comes from: others may depend on the whole of it. */
  readonly loop: string | undefined;
  readonly waitsFor: readonly string[];
  readonly isExisting: boolean;
}

/** A resource of the template as one or more: loops run, conditions asked, children unfolded. */
function expand(
  resource: JsonObject,
  base: string,
  outer: Scope,
  parent: { readonly type: string; readonly name: string; readonly id: string } | undefined,
): Found[] {
  const loop = resource["copy"];
  const count = isObject(loop) ? countOf(loop, outer) : 1;
  const loopName = isObject(loop) ? String(loop["name"]) : undefined;
  return Array.from({ length: count }, (_, index) => {
    const scope = loopName === undefined ? outer : { ...outer, loops: [...outer.loops, { name: loopName, index }] };
    if (resource["condition"] !== undefined && evaluate(resource["condition"], scope) !== true) return [];
    const own = (property: string): string => text(evaluate(resource[property] ?? "", scope));
    const type = parent === undefined ? own("type") : `${parent.type}/${own("type")}`;
    const name = parent === undefined ? own("name") : `${parent.name}/${own("name")}`;
    const apiVersion = own("apiVersion");
    if (type === "" || name === "") throw invalidTemplate("a resource has no type or no name");
    if (apiVersion === "") throw invalidTemplate(`the resource '${name}' of type '${type}' has no apiVersion`);
    const id = idOf(type, name, baseOf(resource, base, scope), own("scope"));
    const body = Object.fromEntries(Object.entries(resource).filter(([key]) => !ABOUT.includes(key)));
    // A nested deployment evaluates its own template, unless it says otherwise.
    const isInner =
      /^microsoft\.resources\/deployments$/i.test(type) &&
      stringAt(body, "properties", "expressionEvaluationOptions", "scope")?.toLowerCase() === "inner";
    const evaluated = (): JsonObject => {
      if (!isInner) return asObject(evaluate(body, scope));
      const { template, ...properties } = objectAt(body, "properties");
      const rest = asObject(evaluate({ ...body, properties }, scope));
      return { ...rest, properties: { ...objectAt(rest, "properties"), template } };
    };
    const waitsFor = [
      ...(Array.isArray(resource["dependsOn"]) ? resource["dependsOn"] : []).map((item) => text(evaluate(item, scope))),
      ...referencesIn(
        isInner ? { ...body, properties: { ...objectAt(body, "properties"), template: null } } : body,
        scope,
      ),
      ...(parent === undefined ? parentsOf(id) : [parent.id]),
    ];
    const self: Found = {
      id,
      type,
      name,
      apiVersion,
      loop: loopName,
      waitsFor,
      isExisting: resource["existing"] === true,
      body: evaluated,
    };
    const children = Array.isArray(resource["resources"]) ? resource["resources"].filter(isObject) : [];
    return [self, ...children.flatMap((child) => expand(child, base, scope, { type, name, id }))];
  }).flat();
}

function asObject(value: Json): JsonObject {
  return isObject(value) ? value : {};
}

function baseOf(resource: JsonObject, base: string, scope: Scope): string {
  const group = resource["resourceGroup"];
  if (group === undefined) return base;
  const subscription = base.split("/").slice(0, 3).join("/");
  return `${subscription}/resourceGroups/${text(evaluate(group, scope))}`;
}

function idOf(type: string, name: string, base: string, scope: string): string {
  if (/^microsoft\.resources\/resourcegroups$/i.test(type)) return `${base}/resourceGroups/${name}`;
  const path = resourcePath(type, name.split("/"));
  if (scope === "") return `${base}${path}`;
  return scope.startsWith("/") ? `${scope}${path}` : `${base}/providers/${scope}${path}`;
}

/** Ids above a child: its parents come first, where the template has them. */
function parentsOf(id: string): string[] {
  const [before = "", after = ""] = id.split(/\/providers\/(?=[^/]+\/[^/]+\/[^/]+.*$)/i);
  const segments = after.split("/");
  const parents: string[] = [];
  for (let length = 3; length < segments.length; length += 2) {
    parents.push(`${before}/providers/${segments.slice(0, length).join("/")}`);
  }
  return parents;
}

function byName(found: readonly Found[], name: string): Found | undefined {
  return found.find((resource) => answersTo(resource, name));
}

function answersTo(resource: Found, name: string): boolean {
  return [resource.id, resource.name, `${resource.type}/${resource.name}`, resource.loop ?? ""].some((one) =>
    sameId(one, name),
  );
}

function sameId(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** @throws ArmError 400 where resources wait for each other in a circle. */
function inOrder(resources: readonly PlannedResource[]): PlannedResource[] {
  const ordered: PlannedResource[] = [];
  let left = [...resources];
  while (left.length > 0) {
    const ready = left.filter((resource) => !left.some((other) => resource.after.some((id) => sameId(id, other.id))));
    if (ready.length === 0) {
      throw invalidTemplate(`circular dependency detected on resource: '${left.map(({ id }) => id).join("', '")}'`);
    }
    ordered.push(...ready);
    left = left.filter((resource) => !ready.includes(resource));
  }
  return ordered;
}

function outputsOf(template: JsonObject, scope: Scope): JsonObject {
  const outputs: JsonObject = {};
  for (const [name, output] of Object.entries(objectAt(template, "outputs"))) {
    if (!isObject(output)) continue;
    if (output["condition"] !== undefined && evaluate(output["condition"], scope) !== true) continue;
    const type = stringAt(output, "type") ?? "";
    const value = isObject(output["copy"])
      ? repeat({ name, ...output["copy"] }, scope)
      : evaluate(output["value"] ?? null, scope);
    outputs[name] = /^secure/i.test(type) ? { type } : { type, value };
  }
  return outputs;
}
