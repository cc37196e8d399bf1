import { patternFault } from "../../regex/pattern";
import { type HTTPRouteGroup } from "../kinds";
import { type Surroundings } from "./context";
import { type Report } from "../../analysis/object-report";

/** Checks an HTTPRouteGroup. */
export function checkHttpRouteGroup({ spec }: HTTPRouteGroup, _around: Surroundings, report: Report): void {
  if (spec.matches.length === 0) {
    report.error("group-matches", "spec.matches", "the group is empty, so nothing can refer to it", "add a match");
  }
  const seen = new Set<string>();
  spec.matches.forEach((match, index) => {
    const path = `spec.matches[${index}]`;
    if (match.name === "") {
      report.error("match-name", `${path}.name`, "the match has no name", "give it one, for rules to refer to");
    } else if (seen.has(match.name)) {
      report.error(
        "match-duplicate",
        `${path}.name`,
        `the name ${JSON.stringify(match.name)} is taken by an earlier match, which OSM then forgets`,
        "give each match of the group its own name",
      );
    }
    seen.add(match.name);
    if (match.pathRegex !== undefined && match.pathRegex !== "") {
      checkPattern(match.pathRegex, `${path}.pathRegex`, report);
      if (!match.pathRegex.startsWith("/") && /^[\w-]/.test(match.pathRegex)) {
        report.warning(
          "path-start",
          `${path}.pathRegex`,
          `${JSON.stringify(match.pathRegex)} has to match the whole path, and paths begin with a slash`,
          `write /${match.pathRegex}`,
        );
      }
    }
    const names = new Set<string>();
    match.headers?.forEach((header, position) => {
      const place = `${path}.headers[${position}]`;
      const keys = Object.keys(header);
      if (keys.length > 1) {
        report.error(
          "header-keys",
          place,
          `one item holds ${keys.length} headers (${keys.join(", ")}), and with one such item OSM reads no HTTPRouteGroup of the cluster any more`,
          "write a list with one header in each item",
        );
      } else if (keys.length === 0) {
        report.warning("header-keys", place, "the header condition is empty", "take it out");
      }
      for (const [name, value] of Object.entries(header)) {
        if (names.has(name.toLowerCase())) {
          report.warning(
            "header-duplicate",
            place,
            `header ${name} is named twice, and only the later condition counts`,
            "write one condition for each header",
          );
        }
        names.add(name.toLowerCase());
        if (!/^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
          report.error(
            "header-name",
            place,
            `${JSON.stringify(name)} is no header name`,
            "write letters, digits and -",
          );
        }
        checkPattern(value, `${place}.${name}`, report);
      }
    });
  });
}

/** Checks that Envoy takes a pattern; it refuses the whole configuration otherwise. */
export function checkPattern(pattern: string, path: string, report: Report): void {
  const fault = patternFault(pattern);
  if (fault === undefined) return;
  report.error(
    "regex",
    path,
    `${fault.by} refuses ${JSON.stringify(pattern)}: ${fault.message}`,
    fault.by === "RE2"
      ? "write an RE2 pattern (no look-around, no back-references); Envoy would refuse all of the sidecar's routes"
      : "write a shorter pattern: of a literal path the first part, then .*; Envoy would refuse all routes of the port",
  );
}
