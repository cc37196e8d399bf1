import { isObject, type Json, type JsonObject } from "../json";
import { type Expression, expressionIn, invalidTemplate, parseExpression } from "./expression-parser";
import { plainFunctions, text } from "./template-functions";

/** What the expressions of a template can ask for. */
export interface Scope {
  readonly parameters: JsonObject;
  /** As the template has them: each is evaluated where it is used. */
  readonly variables: JsonObject;
  readonly subscription: JsonObject;
  /** Undefined in a deployment to a subscription. */
  readonly resourceGroup: JsonObject | undefined;
  readonly deployment: JsonObject;
  /** Loops around the expression, innermost last. */
  readonly loops: readonly { readonly name: string; readonly index: number }[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The properties of a resource (`full`: all of it), for `reference`. */
  reference(idOrName: string, full: boolean): Json;
  /** The answer of a POST on a resource, for `listKeys` and the like. */
  list(action: string, id: string): Json;
}

/** A value of a template with its expressions and property loops carried out. @throws ArmError 400 InvalidTemplate. */
export function evaluate(value: Json, scope: Scope): Json {
  if (typeof value === "string") {
    const source = expressionIn(value);
    if (source === undefined) return value.startsWith("[[") ? value.slice(1) : value;
    return run(parseExpression(source), scope);
  }
  if (Array.isArray(value)) return value.map((item) => evaluate(item, scope));
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, part] of Object.entries(value)) {
    if (key === "copy" && Array.isArray(part)) {
      for (const loop of part) if (isObject(loop)) result[String(loop["name"])] = repeat(loop, scope);
    } else if (part !== undefined) {
      const name = evaluate(key, scope);
      result[text(name)] = evaluate(part, scope);
    }
  }
  return result;
}

/** The values of a loop: `{name, count, input}`. */
export function repeat(loop: JsonObject, scope: Scope): Json[] {
  const name = String(loop["name"]);
  return Array.from({ length: countOf(loop, scope) }, (_, index) =>
    evaluate(loop["input"] ?? null, { ...scope, loops: [...scope.loops, { name, index }] }),
  );
}

/** How often a loop runs. */
export function countOf(loop: JsonObject, scope: Scope): number {
  const count = evaluate(loop["count"] ?? 0, scope);
  if (typeof count === "number" && count >= 0 && count <= 800) return count;
  throw invalidTemplate(`the count of the loop '${String(loop["name"])}' is ${text(count)}: it has to be 0 to 800`);
}

/** The first arguments of all `reference` and `list…` calls within a value: what it waits for. */
export function referencesIn(value: Json, scope: Scope): string[] {
  if (typeof value === "string") {
    const source = expressionIn(value);
    return source === undefined ? [] : referencesOf(parseExpression(source), scope);
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((part) => (part === undefined ? [] : referencesIn(part, scope)));
}

function referencesOf(expression: Expression, scope: Scope): string[] {
  if (expression.kind === "literal") return [];
  if (expression.kind === "member")
    return [...referencesOf(expression.of, scope), ...referencesOf(expression.key, scope)];
  const inner = expression.arguments.flatMap((part) => referencesOf(part, scope));
  const name = expression.name.toLowerCase();
  const [first] = expression.arguments;
  if (name === "variables" && first?.kind === "literal") {
    const found = Object.entries(scope.variables).find(([key]) => same(key, String(first.value)));
    return found?.[1] === undefined ? inner : [...inner, ...referencesIn(found[1], scope)];
  }
  if (first === undefined || (name !== "reference" && !/^list\w+$/.test(name))) return inner;
  return [...inner, text(run(first, scope))];
}

function run(expression: Expression, scope: Scope): Json {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "member":
      return member(run(expression.of, scope), run(expression.key, scope));
    case "call":
      return call(expression.name, expression.arguments, scope);
  }
}

function member(of: Json, key: Json): Json {
  if (Array.isArray(of) && typeof key === "number") {
    const found = of[key];
    if (found !== undefined) return found;
    throw invalidTemplate(`the index ${key} is outside of an array of ${of.length}`);
  }
  if (isObject(of) && typeof key === "string") {
    const found = Object.entries(of).find(([name]) => same(name, key))?.[1];
    if (found !== undefined) return found;
    throw invalidTemplate(
      `the language expression property '${key}' doesn't exist, available properties are '${Object.keys(of).join(", ")}'`,
    );
  }
  throw invalidTemplate(`there is no '${text(key)}' in ${JSON.stringify(of)}`);
}

function call(name: string, args: readonly Expression[], scope: Scope): Json {
  const lower = name.toLowerCase();
  // Only the branch that is taken is evaluated.
  if (lower === "if") {
    const [condition, yes, no] = args;
    if (condition === undefined || yes === undefined || no === undefined)
      throw invalidTemplate("'if' needs three arguments");
    return run(condition, scope) === true ? run(yes, scope) : run(no, scope);
  }
  const values = args.map((part) => run(part, scope));
  const words = values.map(text);
  switch (lower) {
    case "parameters":
    case "variables": {
      const table = lower === "parameters" ? scope.parameters : scope.variables;
      const wanted = words[0] ?? "";
      const found = Object.entries(table).find(([key]) => same(key, wanted))?.[1];
      if (found === undefined) {
        throw invalidTemplate(
          `the template ${lower.slice(0, -1)} '${wanted}' is not found. Please see https://aka.ms/arm-syntax-${lower} for usage details.`,
        );
      }
      return lower === "parameters" ? found : evaluate(found, scope);
    }
    case "subscription":
      return scope.subscription;
    case "resourcegroup":
      if (scope.resourceGroup === undefined)
        throw invalidTemplate("'resourceGroup' stands in a deployment to a subscription");
      return scope.resourceGroup;
    case "deployment":
      return scope.deployment;
    case "environment":
      return { name: "Sandbox" };
    case "copyindex": {
      const loopName = typeof values[0] === "string" ? values[0] : undefined;
      const offset = values.find((value) => typeof value === "number") ?? 0;
      const loop =
        loopName === undefined ? scope.loops.at(-1) : scope.loops.find((candidate) => same(candidate.name, loopName));
      if (loop === undefined) throw invalidTemplate("'copyIndex' stands outside of its loop");
      return loop.index + offset;
    }
    case "resourceid":
    case "subscriptionresourceid":
    case "tenantresourceid":
      return resourceId(lower, words, scope);
    case "extensionresourceid": {
      const [base = "", type = "", ...names] = words;
      return `${base}${resourcePath(type, names)}`;
    }
    case "reference":
      return scope.reference(words[0] ?? "", words[2]?.toLowerCase() === "full");
    case "utcnow":
      return new Date(scope.now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
    case "newguid":
      return crypto.randomUUID();
    default:
  }
  if (/^list\w+$/.test(lower)) return scope.list(name, words[0] ?? "");
  const plain = Object.hasOwn(plainFunctions, lower) ? plainFunctions[lower] : undefined;
  if (plain !== undefined) return plain(values);
  throw invalidTemplate(`the template function '${name}' is not valid, or the sandbox does not know it`);
}

/** `resourceId([subscription], [group], type, names…)`: the type is the first word with a slash. */
function resourceId(kind: string, words: readonly string[], scope: Scope): string {
  const at = words.findIndex((word) => word.includes("/"));
  const type = words[at];
  if (type === undefined) throw invalidTemplate(`'${kind}' got no resource type`);
  const path = resourcePath(type, words.slice(at + 1));
  if (kind === "tenantresourceid") return path;
  const before = words.slice(0, at);
  const subscription = `/subscriptions/${kind === "resourceid" && before.length < 2 ? text(scope.subscription["subscriptionId"] ?? "") : (before[0] ?? text(scope.subscription["subscriptionId"] ?? ""))}`;
  if (kind === "subscriptionresourceid") return `${subscription}${path}`;
  const group =
    before.at(-1) ?? (scope.resourceGroup === undefined ? undefined : text(scope.resourceGroup["name"] ?? ""));
  return group === undefined ? `${subscription}${path}` : `${subscription}/resourceGroups/${group}${path}`;
}

/** `/providers/Microsoft.X/a/{name}/b/{name}` of a type and its names. */
export function resourcePath(type: string, names: readonly string[]): string {
  const [namespace = "", ...types] = type.split("/");
  if (types.length !== names.length) {
    throw invalidTemplate(
      `the resource type '${type}' has ${types.length} segments and its name '${names.join("/")}' ${names.length}: they have to be as many`,
    );
  }
  return `/providers/${namespace}${types.map((segment, index) => `/${segment}/${names[index] ?? ""}`).join("")}`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
