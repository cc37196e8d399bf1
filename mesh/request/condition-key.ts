import { type RequestCondition } from "./request-set";

/** Equal for conditions that are written alike. */
export function conditionKey({ methods, path, headers, also, except }: RequestCondition): string {
  return JSON.stringify([
    methods,
    path,
    headers === undefined ? [] : [...headers],
    also?.map(conditionKey) ?? [],
    except?.map(conditionKey) ?? [],
  ]);
}
