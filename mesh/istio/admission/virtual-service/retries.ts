import { retryConditions } from "../../../policy/envoy-words";
import { type HttpRetry } from "../../kinds";
import { type Refuse } from "../webhook";
import { checkDuration } from "../durations";

/** Statuses that have a name, first and last of each row. */
const statuses = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
] as const;

const check = "route-retries";

/** What istiod's webhook refuses of how calls are tried again (pkg/config/validation, validateHTTPRetry). */
export function checkRetries(retries: HttpRetry | undefined, path: string, refuse: Refuse): void {
  if (retries === undefined) return;
  const { attempts = 0, perTryTimeout, retryOn = "", retryRemoteLocalities, backoff } = retries;
  if (attempts < 0) refuse(check, `${path}.attempts`, "is negative", "write 0 for none");
  const hasSettings = perTryTimeout !== undefined || retryOn !== "" || typeof retryRemoteLocalities === "boolean";
  if (attempts === 0 && hasSettings)
    refuse(check, path, "has settings and no attempts", "write attempts of 1 or more, or attempts: 0 alone");
  for (const condition of retryOn === "" ? [] : retryOn.split(",")) {
    if (!retryConditions.includes(condition) && !isStatus(condition))
      refuse(
        check,
        `${path}.retryOn`,
        `${JSON.stringify(condition)} is no condition`,
        "write statuses, and conditions such as 5xx, with a comma and no space between them",
      );
  }
  checkDuration(perTryTimeout, `${path}.perTryTimeout`, refuse);
  checkDuration(backoff, `${path}.backoff`, refuse);
}

function isStatus(text: string): boolean {
  return /^\+?\d+$/.test(text) && statuses.some(([first, last]) => Number(text) >= first && Number(text) <= last);
}
