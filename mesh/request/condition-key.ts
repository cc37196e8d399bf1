import { type RequestCondition } from "./request-set";

/** Equal for conditions that are written alike. */
export function conditionKey({ methods, path, headers, also, except }: RequestCondition): string {
  if (headers === undefined && also === undefined && except === undefined)
    return `[${JSON.stringify(methods)},${JSON.stringify(path)},[],[],[]]`;
  return JSON.stringify([
    methods,
    path,
    headers === undefined ? [] : [...headers],
    also?.map(conditionKey) ?? [],
    except?.map(conditionKey) ?? [],
  ]);
}
