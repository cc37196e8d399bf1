import { byteLength } from "../../../regex/bytes";
import { patternFault } from "../../../regex/pattern";
import { type Refuse } from "../webhook";

/** Which texts are meant. The schema takes one of the three at most; none is met by any text. */
export interface TextMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

/** What istiod's webhook refuses of a condition on a text (pkg/config/validation, validateStringMatch). */
export function checkTextMatch(match: TextMatch, path: string, refuse: Refuse): void {
  if (match.prefix === "") refuse("route-match", `${path}.prefix`, "is empty", "write a beginning, or take it out");
  checkRegexOf(match, path, refuse);
}

/** The same of a path, of which an empty beginning stands for all. */
export function checkRegexOf({ regex }: TextMatch, path: string, refuse: Refuse): void {
  if (regex === undefined) return;
  if (regex === "") refuse("route-match", `${path}.regex`, "is empty", "write a pattern, or take it out");
  else checkPattern(regex, `${path}.regex`, refuse);
}

const mostBytes = 1024;

/** What istiod's webhook refuses of a regular expression (validateStringRegexp). */
export function checkPattern(regex: string, path: string, refuse: Refuse): void {
  if (byteLength(regex) > mostBytes) {
    refuse("route-match", path, "has more than 1,024 bytes", "write a shorter one");
    return;
  }
  const fault = patternFault(regex);
  // Istio's sidecars take programs of any size.
  if (fault?.by === "RE2")
    refuse("route-match", path, `RE2 refuses ${JSON.stringify(regex)}: ${fault.message}`, "write a pattern of RE2");
}
