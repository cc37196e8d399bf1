import { type HttpRewrite, type HttpRoute } from "../../kinds";
import { type Refuse } from "../webhook";
import { isAuthority } from "./headers";
import { checkPattern } from "./string-match";

const check = "route-rewrite";

/** What istiod's webhook refuses of what becomes of requests (pkg/config/validation, validateHTTPRewrite). */
export function checkRewrite(rewrite: HttpRewrite | undefined, path: string, refuse: Refuse): void {
  if (rewrite === undefined) return;
  const { uri = "", authority = "", uriRegexRewrite } = rewrite;
  if (uri === "" && authority === "" && uriRegexRewrite === undefined)
    refuse(check, path, "says nothing", "write uri, uriRegexRewrite or authority, or take it out");
  if (uriRegexRewrite === undefined) return;
  if (uri !== "") refuse(check, path, "has uri and uriRegexRewrite", "keep one of them");
  const { match = "", rewrite: replacement = "" } = uriRegexRewrite;
  for (const [field, text] of Object.entries({ match, rewrite: replacement })) {
    if (text === "")
      refuse(check, `${path}.uriRegexRewrite.${field}`, "is empty", "write both a pattern and what takes its place");
  }
  checkPattern(match, `${path}.uriRegexRewrite.match`, refuse);
}

/** Requests are given another host in one place (validateAuthorityRewrite). */
export function checkAuthorities({ rewrite, headers }: HttpRoute, path: string, refuse: Refuse): void {
  const { set = {}, add = {} } = headers?.request ?? {};
  const names = [rewrite?.authority ?? ""];
  for (const [operation, values] of Object.entries({ set, add })) {
    for (const [header, value] of Object.entries(values)) {
      if (!isAuthority(header)) continue;
      if (names.some((name) => name !== ""))
        refuse(
          check,
          `${path}.headers.request.${operation}.${header}`,
          "gives requests a host, and something else does so too",
          "keep one of them, or rewrite.authority alone",
        );
      names.push(value);
    }
  }
}
