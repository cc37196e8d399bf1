/** Changes the arguments of a child resource before it is made: values to lay over them, or a function of them. */
export type Transform<T> = Partial<T> | ((args: T) => T);

/** Applies a transform, where there is one. */
export function transformed<T extends object>(transform: Transform<T> | undefined, args: T): T {
  if (transform === undefined) {
    return args;
  }
  return typeof transform === "function" ? transform(args) : { ...args, ...transform };
}
