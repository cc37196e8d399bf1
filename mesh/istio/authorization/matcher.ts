import { type RequestCondition } from "../../request/request-set";

const special = /[\\^$.*+?()[\]{}|]/;
const everySpecial = new RegExp(special, "g");

/** RE2 of a text as it is. */
export function literally(text: string): string {
  return special.test(text) ? text.replace(everySpecial, "\\$&") : text;
}

/** RE2 of any text at all: values may have line breaks to RE2, which a dot alone does not match. */
export const anything = "(?s:.*)";

/** Takes every request. */
export const anyRequest: RequestCondition = { methods: ["*"], path: anything };

/** Whether a condition says of itself that it takes every request. */
export function isAnyRequest({ methods, path, headers, also, except }: RequestCondition): boolean {
  return path === anything && methods[0] === "*" && headers === undefined && also === undefined && except === undefined;
}

/**
 * RE2 of a value of an AuthorizationPolicy: exact, `prefix*`, `*suffix`. A star alone stands for whatever is there, of a path for one
 * character at least (pilot/pkg/security/authz/matcher).
 *
 * @param alone what a star alone stands for.
 */
export function valuePattern(value: string, alone: string): string {
  if (value === "*") return alone;
  if (value.startsWith("*")) return `${anything}${literally(value.slice(1))}`;
  if (value.endsWith("*")) return `${literally(value.slice(0, -1))}${anything}`;
  return literally(value);
}

/** Whether a text is met by a value of an AuthorizationPolicy; an absent text by none. */
export function meetsValue(value: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  if (value === "*") return text !== "";
  if (value.startsWith("*")) return text.endsWith(value.slice(1));
  if (value.endsWith("*")) return text.startsWith(value.slice(0, -1));
  return text === value;
}

/** Characters of a path's segment that a template's `{*}` stands for: measured with Envoy 1.36.2, 1.39.3 and 1.40.0. */
const segmentCharacters = "-A-Za-z0-9._~%!$&'()*+,;:=@";

/** Whether a path is a template. */
export function isTemplate(path: string): boolean {
  return path.includes("{*}") || path.includes("{**}");
}

/** RE2 of a template: `{*}` is one segment, a last `{**}` any number of them, also none. */
export function templatePattern(template: string): string {
  return template
    .split(/(\{\*\*?\})/)
    .map((part) =>
      part === "{*}" ? `[${segmentCharacters}]+` : part === "{**}" ? `[${segmentCharacters}/]*` : literally(part),
    )
    .join("");
}

/** RE2 of a path without its query. */
export function pathPattern(path: string): string {
  return isTemplate(path) ? templatePattern(path) : valuePattern(path, "(?s:.+)");
}

/** RE2 of any of several patterns. */
export function anyOfPatterns(patterns: readonly string[]): string {
  const [only = ""] = patterns;
  return patterns.length === 1 ? only : `(?:${patterns.join("|")})`;
}
