import { type CostChange, type CostPart, type MonthlyCost, type PreviewReport } from "../report";
import { code, plainLine } from "./escape";
import { hideIn } from "./secrets";
import { type Section } from "./sections";

/** What the preview costs, for the table. */
export function costText(cost: MonthlyCost | undefined, kind: PreviewReport["kind"]): string {
  if (cost === undefined) return "unknown";
  if (cost.parts.length === 0)
    return cost.total === 0 && kind === "shared" ? "nothing beside the shared cluster" : "unknown";
  if (cost.total === null) {
    const unknown = cost.parts.filter(({ amount }) => amount === null).map(({ what }) => code(what, 60));
    return `unknown: no price of ${[...unknown.slice(0, 3), ...(unknown.length > 3 ? ["others"] : [])].join(", ")}`;
  }
  return `${money(cost.total)} ${code(cost.currency, 3)} at list prices, for nodes and control plane; traffic and logs come on top`;
}

/** What merging does to the cost, for the table. */
export function mergingCostText({ difference, currency, parts }: CostChange): string {
  if (parts.length === 0) return "nothing more or less";
  if (difference === null) return "changes by an unknown amount: see below";
  return `${signed(difference)} ${code(currency, 3)} at list prices: see below`;
}

/** What merging does to the cost, in a line for a terminal. */
export function costChangeText({ difference, currency, parts }: CostChange): string {
  const amount = difference === null ? "unknown" : `${signed(difference)} ${currency}`;
  return `${amount} a month: ${parts.map(partText).join("; ")}`;
}

/** What the preview costs, part by part. */
export function costSection(cost: MonthlyCost | undefined): Section | undefined {
  if (cost === undefined || cost.parts.length === 0) return undefined;
  const entries = cost.parts.map(
    ({ name, what, amount }) => `${amountText(amount).padStart(10)}  ${plainLine(hideIn(`${name}: ${what}`), 200)}`,
  );
  return { title: "Cost of the preview, part by part", entries, language: "text", folded: true, weight: 2 };
}

/** What merging does to the cost, part by part. */
export function mergingCostSection(change: CostChange | undefined): Section | undefined {
  if (change === undefined || change.parts.length === 0) return undefined;
  const entries = change.parts.map((part) => plainLine(hideIn(partText(part)), 300));
  return { title: "Cost of merging, part by part", entries, language: "text", folded: false, weight: 4 };
}

function partText({ name, before, after }: CostChange["parts"][number]): string {
  return `${name}: ${sideText(before)} → ${sideText(after)}`;
}

function sideText(side: Omit<CostPart, "name"> | undefined): string {
  return side === undefined ? "nothing" : `${side.what} (${amountText(side.amount)})`;
}

function amountText(amount: number | null): string {
  return amount === null ? "unknown" : money(amount);
}

function money(amount: number): string {
  return amount.toFixed(2);
}

function signed(amount: number): string {
  return amount < 0 ? `−${money(-amount)}` : `+${money(amount)}`;
}
