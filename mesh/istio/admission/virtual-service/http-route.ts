import { type Report } from "../../../analysis/object-report";
import { type HttpRoute } from "../../kinds";
import { type Refuse, refusing } from "../webhook";
import { checkDuration } from "../durations";
import { checkCors } from "./cors";
import { checkShares } from "./destination";
import { checkFault } from "./fault";
import { checkHeaders } from "./headers";
import { checkHttpMatch } from "./http-match";
import { checkMirrors } from "./mirrors";
import { checkDirectResponse, checkRedirect } from "./own-answers";
import { checkRetries } from "./retries";
import { checkAuthorities, checkRewrite } from "./rewrite";

/** What istiod's webhook refuses of a rule for requests (pkg/config/validation, validateHTTPRoute). */
export function checkHttpRoute(route: HttpRoute, isDelegate: boolean, path: string, report: Report): void {
  const refuse = refusing(report);
  const { match = [], route: shares = [], headers } = route;
  checkAnswers(route, isDelegate, path, refuse);
  match.forEach((one, index) => checkHttpMatch(one, `${path}.match[${String(index)}]`, refuse));
  checkShares(shares, `${path}.route`, report);
  shares.forEach((share, index) => checkHeaders(share.headers, `${path}.route[${String(index)}].headers`, refuse));
  checkHeaders(headers, `${path}.headers`, refuse);
  checkRedirect(route, path, refuse);
  checkDirectResponse(route, path, refuse);
  checkRewrite(route.rewrite, `${path}.rewrite`, refuse);
  checkAuthorities(route, path, refuse);
  checkMirrors(route, path, refuse);
  checkFault(route.fault, `${path}.fault`, refuse);
  checkCors(route.corsPolicy, `${path}.corsPolicy`, refuse);
  checkRetries(route.retries, `${path}.retries`, refuse);
  checkDuration(route.timeout, `${path}.timeout`, refuse);
}

/** A rule leads to one thing, and changes calls alone that it passes on. */
function checkAnswers(route: HttpRoute, isDelegate: boolean, path: string, refuse: Refuse): void {
  const { route: shares = [], redirect, directResponse, delegate, fault, rewrite, mirror, mirrors = [] } = route;
  const refuseBeside = (given: Readonly<Record<string, boolean>>, other: string): void => {
    for (const field of Object.keys(given).filter((name) => given[name] === true))
      refuse("route-conflict", `${path}.${field}`, `is there beside ${other}`, "keep one of them");
  };
  const hasShares = shares.length > 0;
  if (delegate !== undefined && !isDelegate) {
    // Whatever else it says is for rules of the other VirtualService that do not say it themselves.
    refuseBeside({ route: hasShares, redirect: redirect !== undefined }, "delegate");
    return;
  }
  if (delegate !== undefined)
    refuse("route-delegate", `${path}.delegate`, "is in a VirtualService that others delegate to", "delegate once");
  const changes = { route: hasShares, fault: fault !== undefined, rewrite: rewrite !== undefined };
  if (redirect !== undefined) refuseBeside({ ...changes, directResponse: directResponse !== undefined }, "redirect");
  else if (directResponse !== undefined) refuseBeside(changes, "directResponse");
  else if (!hasShares)
    refuse("route-empty", path, "leads nowhere", "write route, redirect, directResponse or delegate");
  if (mirror !== undefined && mirrors.length > 0)
    refuse("route-mirror", `${path}.mirrors`, "is there beside mirror", "write all into mirrors");
}
