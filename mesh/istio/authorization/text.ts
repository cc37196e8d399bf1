import { type RequestCondition } from "../../request/request-set";
import { anything } from "./matcher";

/** A condition in the words of AuthorizationPolicies: `GET /books*`, `any method, not /admin*`. */
export function ruleText(condition: RequestCondition): string {
  const { also = [], except = [] } = condition;
  return (
    [condition, ...also]
      .map(partText)
      .filter((text) => text !== "")
      .join(" and ") + except.map((one) => `, not ${partText(one)}`).join("") || "any request"
  );
}

function partText({ methods, path, headers }: RequestCondition): string {
  const verbs = methods.includes("*") ? [] : [methods.map(readable).join(",")];
  const paths = path === anything ? [] : [readable(path)];
  const named = [...(headers ?? [])].map(([name, pattern]) => `{${name}: ${readable(pattern)}}`);
  return [...verbs, ...paths, ...named].join(" ");
}

/** A pattern that a policy's value was turned into, as the value was written. */
function readable(pattern: string): string {
  const inner = /^\(\?:(.*)\)$/s.exec(pattern)?.[1];
  return (inner ?? pattern)
    .replaceAll(anything, "*")
    .replaceAll("(?s:.+)", "*")
    .replace(/\[-A-Za-z0-9._~%!\$&'\(\)\*\+,;:=@\/\]\*/g, "{**}")
    .replace(/\[-A-Za-z0-9._~%!\$&'\(\)\*\+,;:=@\]\+/g, "{*}")
    .replace(/\\(.)/g, "$1");
}
