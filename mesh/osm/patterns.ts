import { describeObject, formatPath, type Problem, type ValuePath } from "../manifests";
import { compilePattern, isPatternError } from "../regex/pattern";
import { type OsmMesh } from "./mesh";
import { type RouteGroup } from "./state";

/** The patterns of the route groups that RE2 refuses. Envoy would drop every route of the port that they are on. */
export function patternProblems(mesh: OsmMesh): readonly Problem[] {
  const problems: Problem[] = [];
  for (const group of mesh.state.routeGroups.values()) {
    group.matches.forEach((match) => {
      check(group, match.path, ["spec", "matches", match.index, "pathRegex"]);
      for (const [name, regex] of match.headers ?? []) {
        check(group, regex, ["spec", "matches", match.index, "headers"], name);
      }
    });
  }
  return problems;

  function check(group: RouteGroup, source: string, path: ValuePath, header?: string): void {
    if (isPlain.test(source)) return;
    const pattern = compilePattern(source);
    if (!isPatternError(pattern)) return;
    const position = mesh.state.positions.of(group.object, path);
    const subject = header === undefined ? "" : ` of header ${header}`;
    problems.push({
      severity: "error",
      object: describeObject(group.object),
      property: formatPath(path),
      message: `RE2 refuses the pattern ${JSON.stringify(source)}${subject}: ${pattern.message}, at character ${String(pattern.offset + 1)}.`,
      ...(position && { position }),
    });
  }
}

/** Patterns without anything that RE2 could refuse, told apart without compiling them. */
const isPlain = /^(?:[\w/:;,=@%&~!'"<> -]|\.[*+?]?|\\[./-][*+?]?)*$/;
