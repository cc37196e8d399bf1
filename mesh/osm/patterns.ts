import { describeObject, formatPath, type Problem, type ValuePath } from "../manifests";
import { patternFault } from "../regex/pattern";
import { type ControlPlane } from "./control-plane";
import { type RouteGroup } from "./state";

/** The patterns of the route groups that Envoy refuses, with all routes of the sidecars that they are for. */
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
      message: `${fault.by} refuses the pattern ${JSON.stringify(source)}${subject}: ${fault.message}. With it Envoy refuses all routes of the pods that it is for, those for their own calls too: 404.`,
      ...(position && { position }),
    });
  }
}
