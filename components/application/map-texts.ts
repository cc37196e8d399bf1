import * as pulumi from "@pulumi/pulumi";

/**
 * The same object with other texts. Texts in Outputs change once they are known; whatever is no plain data, such as an asset, stays.
 *
 * @param change the new text, of the old one and the property that it is in.
 */
export function mapTexts<T extends object>(object: T, change: (text: string, property: string) => string): T {
  const map = (value: unknown, property: string): unknown => {
    if (pulumi.Output.isInstance(value)) return value.apply((known: unknown) => map(known, property));
    if (typeof value === "string") return change(value, property);
    if (Array.isArray(value)) return value.map((one: unknown) => map(one, property));
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]: [string, unknown]) => [key, map(part, key)]));
  };
  const mapped = Object.entries(object).map(([key, part]: [string, unknown]) => [key, map(part, key)]);
  return Object.assign({}, object, Object.fromEntries(mapped));
}
