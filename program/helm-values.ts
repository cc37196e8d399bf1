import { RunError } from "@pulumi/pulumi";

/** A value of a chart, as a file of values has it. `null` takes a default of the chart away. */
export type HelmValue =
  string | number | boolean | null | readonly HelmValue[] | { readonly [name: string]: HelmValue };

/**
 * The options of `helm template` by which a chart gets values exactly as they are written. One for each value inside, so that maps are merged with
 * those of files as a file's are, and lists replaced: Helm would replace a map that is given whole. Whole numbers go by `--set`, as those of
 * `--set-json` and of files come out of a template as `1.048576e+06`; all else by `--set-json`, as `--set` takes `1.5` for a text and
 * `{a}` for a list. Helm reads all of `--set-json` before `--set`, so lists are there before their elements.
 *
 * @param values by their paths, as `--set` has them.
 * @throws RunError for a number that no file of values could have, and for a path of which Helm would pass over the value.
 */
export function helmValueOptions(values: Readonly<Record<string, HelmValue>>): readonly string[] {
  return Object.entries(values).flatMap(([path, value]) => optionsOf(path, value));
}

/** Two dots in a row, or one at either end; a dot after a backslash belongs to a name. */
const emptyPart = /(?:^|(?<!\\)\.)(?:\.|$)/;

function optionsOf(path: string, value: HelmValue): readonly string[] {
  if (emptyPart.test(path)) {
    throw new RunError(
      `values: ${path} has an empty part, which Helm would pass over; write a path such as image.tag.`,
    );
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RunError(`values: ${path} is ${value}; write a finite number.`);
    if (Number.isSafeInteger(value)) return ["--set", `${path}=${value}`];
  }
  if (isList(value)) {
    return [json(path, []), ...value.map((element, index) => optionsOf(`${path}[${index}]`, element))].flat();
  }
  if (typeof value === "object" && value !== null) {
    const inside = Object.entries(value).flatMap(([name, one]) => optionsOf(`${path}.${escaped(name)}`, one));
    return inside.length === 0 ? json(path, {}) : inside;
  }
  return json(path, value);
}

function isList(value: HelmValue): value is readonly HelmValue[] {
  return Array.isArray(value);
}

function json(path: string, value: HelmValue): readonly string[] {
  return ["--set-json", `${path}=${JSON.stringify(value)}`];
}

/** A name as a part of a path: what would end it there has a backslash before it. */
function escaped(name: string): string {
  return name.replace(/[\\.,=[\]]/g, "\\$&");
}
