import { type Reader } from "./reader";

/** Keeps what was read of an object, and says where another of its name was read before. */
export function keep<T>(known: Map<string, T>, key: string, reader: Reader, value: T): void {
  const { size } = known;
  known.set(key, value);
  if (known.size === size) reportTwice(reader);
}

/** Says that an object was read before. */
export function reportTwice(reader: Reader): void {
  reader.report([], "The object is there twice; the later one counts, as with kubectl apply.", "warning");
}
