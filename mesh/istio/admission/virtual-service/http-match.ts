import { type HttpMatchRequest } from "../../kinds";
import { isLabel } from "../names";
import { type Refuse } from "../webhook";
import { isClaim } from "./claims";
import { isHeaderName } from "./header-names";
import { checkSource } from "./source";
import { checkRegexOf, checkTextMatch } from "./string-match";

/** What HTTP/2 has in the place of the first line of a request. */
const pseudoHeaders = [":method", ":scheme", ":authority", ":path", ":status"];

/** What istiod's webhook refuses of a condition on requests (pkg/config/validation, validateHTTPRouteMatchRequest). */
export function checkHttpMatch(match: HttpMatchRequest, path: string, refuse: Refuse): void {
  const { uri, headers = {}, withoutHeaders = {}, queryParams = {}, sourceNamespace = "" } = match;
  if (uri !== undefined) checkRegexOf(uri, `${path}.uri`, refuse);
  for (const field of ["scheme", "method", "authority"] as const) {
    const text = match[field];
    if (text !== undefined) checkTextMatch(text, `${path}.${field}`, refuse);
  }
  for (const [field, texts] of Object.entries({ headers, withoutHeaders, queryParams })) {
    for (const [name, text] of Object.entries(texts)) {
      const place = `${path}.${field}.${name}`;
      if (field !== "queryParams" && !(pseudoHeaders.includes(name) || isClaim(name) || isHeaderName(name)))
        refuse("route-match", place, `${JSON.stringify(name)} is the name of no header`, "write a header's name");
      // A star alone stands for a header that is there, whatever it is.
      if (!(field === "withoutHeaders" && text.regex === "*")) checkTextMatch(text, place, refuse);
    }
  }
  checkSource(match, path, refuse);
  if (sourceNamespace !== "" && !isLabel(sourceNamespace))
    refuse(
      "route-match",
      `${path}.sourceNamespace`,
      `${JSON.stringify(sourceNamespace)} is no namespace`,
      "write the namespace of those who call",
    );
}
