import { describeObject, formatPath, type Problem, type ValuePath } from "../manifests";
import { patternFault } from "../regex/pattern";
import { type ControlPlane } from "./control-plane";
import { type RouteGroup } from "./state";

/** The patterns of the route groups that Envoy refuses. It would drop every route of the port that they are on. */
export function patternProblems(mesh: ControlPlane): readonly Problem[] {
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
    const fault = patternFault(source);
    if (fault === undefined) return;
    const position = mesh.state.positions.of(group.object, path);
    const subject = header === undefined ? "" : ` of header ${header}`;
    problems.push({
      severity: "error",
      object: describeObject(group.object),
      property: formatPath(path),
      message: `${fault.by} refuses the pattern ${JSON.stringify(source)}${subject}: ${fault.message}.`,
      ...(position && { position }),
    });
  }
}
