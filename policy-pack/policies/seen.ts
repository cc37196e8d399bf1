import { type ResourceValidationArgs } from "@pulumi/policy";
import { isPart, notKnown, type Part } from "../rules";

/** A resource as the program asks for it. */
export interface Seen {
  readonly type: string;
  readonly urn: string;
  /** Provider that makes it, which stands for the subscription or the cluster that it goes to. */
  readonly provider: string;
  readonly inputs: Part;
}

/**
 * Resources of the operation that is under way, by URN. Policies about a whole stack are asked with the resources' outputs, which a
 * preview knows but in part and under other names than the inputs; so they go by the inputs that the same engine showed before.
 */
const seen = new Map<string, Seen>();

/** Notes a resource for the policies about the whole stack. */
export function note({ type, urn, provider, props }: ResourceValidationArgs): Seen {
  const resource = { type, urn, provider: provider?.urn ?? "", inputs: known(props) };
  seen.set(urn, resource);
  return resource;
}

/** The inputs of a resource; undefined where none of the policies noted it. */
export function seenAs(urn: string): Seen | undefined {
  return seen.get(urn);
}

/** Inputs with {@link notKnown} in place of what a preview does not know: reading such a value from Pulumi throws. */
export function known(props: unknown): Part {
  const value = plain(props);
  return isPart(value) ? value : {};
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(value, index));
  if (!isPart(value)) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)]));
}

function read(from: object, key: string | number): unknown {
  let value: unknown;
  try {
    value = Reflect.get(from, key);
  } catch {
    // Nothing but Pulumi's mark of an unknown value throws here: inputs are JSON.
    return notKnown;
  }
  return plain(value);
}
