import { type Finding, finding } from "../../analysis/finding";
import { type OsmMesh } from "../mesh";

/** Ways to write paths elsewhere that mean something else in RE2, as far as a pattern shows that one of them is meant. */
const dialects: readonly {
  readonly shows: RegExp;
  readonly meaning: string;
  readonly remedy: string;
}[] = [
  {
    shows: /\/\*(?![?])/,
    meaning: "an asterisk repeats the character before it: this matches further slashes, and nothing else",
    remedy: "Write .* for whatever may follow.",
  },
  {
    shows: /[\w/]\?[A-Za-z_][\w-]*=/,
    meaning: "a path has no query, and a question mark makes the character before it optional",
    remedy: "Take the query out: routes cannot tell it.",
  },
  {
    shows: /\/\{[A-Za-z_][\w-]*\}/,
    meaning: "braces with a name in them are these very characters, and stand for no part of a path",
    remedy: "Write [^/]+ for one part of a path.",
  },
  {
    shows: /\/:[A-Za-z_]\w*(?=$|\/)/,
    meaning: "a colon and a name are these very characters, and stand for no part of a path",
    remedy: "Write [^/]+ for one part of a path.",
  },
];

/** Path patterns that RE2 takes for something else than what was probably meant. */
export function pathDialectFindings(mesh: OsmMesh): readonly Finding[] {
  return [...mesh.state.routeGroups.values()].flatMap((group) =>
    group.matches.flatMap((match) => {
      const dialect = dialects.find(({ shows }) => shows.test(match.path));
      if (dialect === undefined) return [];
      return [
        finding(mesh, group, ["spec", "matches", match.index, "pathRegex"], {
          severity: "warning",
          rule: "path-dialect",
          message: `${JSON.stringify(match.path)} is RE2: ${dialect.meaning}.`,
          remedy: dialect.remedy,
        }),
      ];
    }),
  );
}
