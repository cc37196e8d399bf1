import { parser } from "@prometheus-io/lezer-promql";

/** What is wrong with a query, and where: the number of characters before it. */
export interface QueryProblem {
  readonly at: number;
  readonly text: string;
}

/** Where a query is no PromQL by Prometheus's own grammar; undefined where it is. Types, such as a sum of a text, are not looked at. */
export function queryProblem(query: string): QueryProblem | undefined {
  let problem: QueryProblem | undefined;
  parser.parse(query).iterate({
    enter: ({ type, from, to }) => {
      if (problem !== undefined || !type.isError) return;
      const found = query.slice(from, to);
      problem = { at: from, text: found === "" ? "something is missing" : `"${found}" is out of place` };
    },
  });
  return problem;
}

/** The names of the metrics that a query asks for. */
export function metricsOf(query: string): readonly string[] {
  const names = new Set<string>();
  parser.parse(query).iterate({
    enter: ({ node }) => {
      if (node.name !== "VectorSelector") return;
      const name = node.getChild("Identifier");
      if (name !== null) names.add(query.slice(name.from, name.to));
    },
  });
  return [...names];
}
