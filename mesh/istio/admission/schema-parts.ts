import { type Schema } from "../../manifests/schema";

// What several kinds' schemas are put together of.

export const string: Schema = { type: "string" };
/** A span of time as Go writes it: the CustomResourceDefinitions hold it against `duration(self)`. */
export const duration: Schema = {
  type: "string",
  pattern: {
    regex: /^(?:0|(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/,
    means: "a number with its unit, such as 5s or 250ms",
  },
};
export const boolean: Schema = { type: "boolean" };
export const integer: Schema = { type: "integer" };
export const number: Schema = { type: "number" };
/** 32 bits without a sign, as the CustomResourceDefinitions have ports and counts. */
export const unsigned: Schema = { type: "integer", minimum: 0, maximum: 4294967295 };
export const strings: Schema = { type: "array", items: string };
export const texts: Schema = { type: "map", values: string };

export const oneOf = (...values: string[]): Schema => ({ type: "string", enum: values });
export const list = (items: Schema): Schema => ({ type: "array", items });
export const object = (properties: Record<string, Schema>, ...required: string[]): Schema => ({
  type: "object",
  properties,
  required,
});
