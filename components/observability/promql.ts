import { parser } from "@prometheus-io/lezer-promql";

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
