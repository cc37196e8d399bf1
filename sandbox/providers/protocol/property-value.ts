/**
 * Property values as a provider sees them: plain JSON values, plus {@link Secret} and {@link unknown}.
 */

/** Stands where a value is not known yet, which happens during previews only. */
export const unknown: unique symbol = Symbol("unknown");

/** The type of {@link unknown}. */
export type Unknown = typeof unknown;

/** A value that must not be shown. It prints as `[secret]` wherever it is logged or serialised by accident. */
export class Secret {
  readonly value: PropertyValue;

  constructor(value: PropertyValue) {
    // A secret inside a secret adds nothing, and would make two equal values look different.
    this.value = value instanceof Secret ? value.value : value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}

/** One value of a resource's inputs or outputs. */
export type PropertyValue =
  null | boolean | number | string | Unknown | Secret | readonly PropertyValue[] | PropertyMap;

/** A resource's inputs or outputs, or an object among them. */
export interface PropertyMap {
  readonly [key: string]: PropertyValue;
}

/** What {@link reveal} leaves: no secrets, perhaps unknowns. */
export type RevealedValue = null | boolean | number | string | Unknown | readonly RevealedValue[] | RevealedMap;

/** An object without secrets. */
export interface RevealedMap {
  readonly [key: string]: RevealedValue;
}

/** Whether the value is an object of properties, and not an array, a secret or null. */
export function isPropertyMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && !isPropertyArray(value) && !(value instanceof Secret);
}

/** `Array.isArray` for readonly arrays, which TypeScript's own declaration does not narrow. */
export function isPropertyArray(value: PropertyValue | undefined): value is readonly PropertyValue[] {
  return Array.isArray(value);
}

/** The value without its secret marks, at every depth. For requests to the cloud, never for state, logs or errors. */
export function reveal(value: PropertyMap): RevealedMap;
export function reveal(value: PropertyValue): RevealedValue;
export function reveal(value: PropertyValue): RevealedValue {
  if (value instanceof Secret) return reveal(value.value);
  if (isPropertyArray(value)) return value.map((element) => reveal(element));
  if (isPropertyMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, reveal(member)]));
  }
  return value;
}

/** Whether the value is secret, or has a secret somewhere inside. */
export function containsSecret(value: PropertyValue | undefined): boolean {
  if (value instanceof Secret) return true;
  if (isPropertyArray(value)) return value.some((element) => containsSecret(element));
  return isPropertyMap(value) && Object.values(value).some(containsSecret);
}

/** Whether two values are the same, secret marks aside. An unknown equals nothing, not even another unknown. */
export function valuesEqual(left: PropertyValue | undefined, right: PropertyValue | undefined): boolean {
  if (left instanceof Secret) return valuesEqual(left.value, right);
  if (right instanceof Secret) return valuesEqual(left, right.value);
  if (left === unknown || right === unknown) return false;
  if (isPropertyArray(left) && isPropertyArray(right)) {
    return left.length === right.length && left.every((element, index) => valuesEqual(element, right[index]));
  }
  if (isPropertyMap(left) && isPropertyMap(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && valuesEqual(left[key], right[key]))
    );
  }
  return left === right;
}
