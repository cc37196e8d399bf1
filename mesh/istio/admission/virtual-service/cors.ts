import { type CorsPolicy } from "../../kinds";
import { type Refuse } from "../webhook";
import { checkDuration, isWholeSeconds } from "../durations";
import { isHeaderName } from "./header-names";
import { checkRegexOf, type TextMatch } from "./string-match";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

const check = "route-cors";

/** What istiod's webhook refuses of what is told to browsers (pkg/config/validation, validateCORSPolicy). */
export function checkCors(policy: CorsPolicy | undefined, path: string, refuse: Refuse): void {
  const { allowOrigins = [], allowMethods = [], maxAge } = policy ?? {};
  allowOrigins.forEach((origin: TextMatch, index) => {
    const place = `${path}.allowOrigins[${String(index)}]`;
    if ([origin.exact, origin.prefix, origin.regex].every((text = "") => text === ""))
      refuse(check, place, "is empty", "write exact, prefix or regex");
    else checkRegexOf(origin, place, refuse);
  });
  allowMethods.forEach((method, index) => {
    if (!methods.includes(method))
      refuse(
        check,
        `${path}.allowMethods[${String(index)}]`,
        `${JSON.stringify(method)} is no method`,
        `write one of ${methods.join(", ")}`,
      );
  });
  for (const field of ["allowHeaders", "exposeHeaders"] as const) {
    (policy?.[field] ?? []).forEach((name, index) => {
      if (!isHeaderName(name))
        refuse(
          check,
          `${path}.${field}[${String(index)}]`,
          `${JSON.stringify(name)} is the name of no header`,
          "write a header's name, or *",
        );
    });
  }
  checkDuration(maxAge, `${path}.maxAge`, refuse);
  if (maxAge !== undefined && !isWholeSeconds(maxAge))
    refuse(check, `${path}.maxAge`, `${maxAge} is no number of whole seconds`, "write one such as 10s");
}
