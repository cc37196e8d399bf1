import { type Schema } from "../../manifests/schema";
import { isMillisecond, nanoseconds } from "./durations";

// What several kinds' schemas are put together of.

export const string: Schema = { type: "string" };
/** A text of at least one character. */
export const filled: Schema = { type: "string", minLength: 1 };

/** A span of time as Go writes it, of any length. */
export const anyDuration: Schema = {
  type: "string",
  pattern: {
    regex: { test: (text) => nanoseconds(text) !== undefined },
    means: "a number with its unit, such as 5s or 250ms",
  },
};

/** A span of time as Go writes it: the CustomResourceDefinitions hold it against `duration(self) >= duration('1ms')`. */
export const duration: Schema = {
  type: "string",
  pattern: {
    regex: { test: isMillisecond },
    means: "a number with its unit, such as 5s or 250ms, of 1ms or more",
  },
};
export const boolean: Schema = { type: "boolean" };
export const integer: Schema = { type: "integer" };
/** 32 bits with a sign. */
export const int32: Schema = { type: "integer", minimum: -2147483648, maximum: 2147483647 };
export const number: Schema = { type: "number" };
/** 32 bits without a sign, as the CustomResourceDefinitions have ports and counts. */
export const unsigned: Schema = { type: "integer", minimum: 0, maximum: 4294967295 };
export const strings: Schema = { type: "array", items: string };
export const texts: Schema = { type: "map", values: string };

const withoutStar = { regex: /^[^*]*$/, means: "the label as pods have it, without *" };
const labelValue: Schema = { type: "string", maxLength: 63, pattern: withoutStar };

/** Labels by which pods are selected; their keys are not to be empty. */
export const matchLabels = object({ matchLabels: selection(4096) });

/** Labels as the older kinds select by. */
export const labels = object({ labels: selection(256) });

function selection(maxProperties: number): Schema {
  const keys = { type: "string", minLength: 1, pattern: withoutStar } as const;
  return { type: "map", keys, values: labelValue, maxProperties };
}

/** A Service, ServiceEntry or Gateway that a policy is for. */
export const targetRef = object(
  {
    group: {
      type: "string",
      maxLength: 253,
      pattern: {
        regex: /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
        means: "a group of the Kubernetes API",
      },
    },
    kind: {
      type: "string",
      minLength: 1,
      maxLength: 63,
      pattern: { regex: /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, means: "a kind such as Service" },
    },
    name: { type: "string", minLength: 1, maxLength: 253 },
    namespace: { type: "string", pattern: { regex: /^$/, means: "nothing: it is the policy's own" } },
  },
  "kind",
  "name",
);
export const targetRefs: Schema = { type: "array", items: targetRef, maxItems: 16 };

export const oneOf = (...values: string[]): Schema => ({ type: "string", enum: values });
export const list = (items: Schema): Schema => ({ type: "array", items });

export function object(
  properties: Record<string, Schema>,
  ...required: string[]
): Schema & { readonly type: "object" } {
  return { type: "object", properties, required };
}

/** An object of which each group has one property at most. */
export function exclusive(
  schema: Schema & { readonly type: "object" },
  ...groups: readonly (readonly string[])[]
): Schema & { readonly type: "object" } {
  return { ...schema, exclusive: groups };
}
