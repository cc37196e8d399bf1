import { type Plan, type PlannedChange } from "../report";
import { counted, plainLine } from "./escape";
import { hideIn } from "./secrets";
import { type Section } from "./sections";

const signs: Readonly<Record<PlannedChange["op"], string>> = { create: "+", update: "~", replace: "±", delete: "−" };
const order = ["delete", "replace", "update", "create"] as const;

/** What happens to resources; what tells a reviewer nothing is folded. */
export function planSections({ changes, unchanged }: Plan): readonly Section[] {
  const counts = (["create", "update", "replace", "delete"] as const).map(
    (op) => `${signs[op]}${String(changes.filter((change) => change.op === op).length)}`,
  );
  const sorted = order.flatMap((op) => changes.filter((change) => change.op === op));
  const noise = sorted.filter((change) => change.noise);
  const title = `Resources: ${counts.join(" ")}, ${String(unchanged)} unchanged`;
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
