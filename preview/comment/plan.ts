import { isDefaultProvider } from "../plan";
import { type Plan, type PlannedChange } from "../report";
import { counted, plainLine } from "./escape";
import { hideIn } from "./secrets";
import { type Section } from "./sections";

const signs: Readonly<Record<PlannedChange["op"], string>> = { create: "+", update: "~", replace: "±", delete: "−" };
const order = ["delete", "replace", "update", "create"] as const;

/** How many resources come, change, are replaced and go, as Pulumi counts them. */
export function planCounts({ changes }: Pick<Plan, "changes">): string {
  const counted = changes.filter(({ type, name }) => !isDefaultProvider(type, name));
  const counts = (["create", "update", "replace", "delete"] as const).map(
    (op) => `${signs[op]}${String(counted.filter((change) => change.op === op).length)}`,
  );
  return counts.join(" ");
}

/** What happens to resources; what tells a reviewer nothing is folded. */
export function planSections({ changes, unchanged, partial = false }: Plan): readonly Section[] {
  const sorted = order.flatMap((op) => changes.filter((change) => change.op === op));
  const noise = sorted.filter((change) => change.noise);
  const title = `Resources: ${planCounts({ changes })}, ${String(unchanged)} unchanged${partial ? ", as far as the program got" : ""}`;
  const common = { language: "text" } as const;
  const main: Section = {
    ...common,
    title,
    entries: sorted.filter((change) => !change.noise).map(changeLine),
    folded: false,
    weight: 5,
  };
  if (noise.length === 0) return [main];
  const folded = `${counted(noise.length, "change")} of little interest`;
  return [main, { ...common, title: folded, entries: noise.map(changeLine), folded: true, weight: 1 }];
}

function changeLine({ op, type, name, properties = [] }: PlannedChange): string {
  const differing = properties.length === 0 ? "" : `: ${properties.join(", ")}`;
  return `${signs[op]} ${plainLine(hideIn(`${type} ${name}${differing}`), 400)}`;
}
