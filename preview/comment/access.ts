import { changeTitles } from "../../mesh/analysis/change-titles";
import { unprovedRule } from "../../mesh";
import { osmExtent } from "../../mesh/osm/extent";
import { type AccessLine, type AccessReport, type BrokenGuarantee, type ShortVerdict } from "../report";
import { code, counted, plainLine } from "./escape";
import { accessPicture } from "./picture";
import { hideIn } from "./secrets";
import { type Section } from "./sections";

type Request = NonNullable<AccessLine["request"]>;

/** Guarantees that do not hold, each with the call that breaks it, and those that cannot be proved. */
export function brokenSection({ broken, guarantees }: AccessReport): Section | undefined {
  if (broken.length === 0) return undefined;
  const unproved = broken.filter(({ rule }) => rule === unprovedRule).length;
  const parts = [
    ...(unproved < broken.length
      ? [`${String(broken.length - unproved)} of ${counted(guarantees, "guarantee")} broken`]
      : []),
    ...(unproved > 0 ? [`${String(unproved)} of ${counted(guarantees, "guarantee")} not proved`] : []),
  ];
  return {
    title: parts.join(", "),
    entries: broken.map(brokenEntry),
    language: "diff",
    folded: false,
    weight: 9,
  };
}

function brokenEntry({ object, message, request, remedy }: BrokenGuarantee): string {
  const lines = [`- ${line(object === undefined ? message : `${object}: ${message}`)}`];
  if (request !== undefined) lines.push(`    ${line(`${request.from} → ${request.to}`)}`, `    ${witness(request)}`);
  lines.push(`    ${line(`Remedy: ${remedy}`)}`);
  return lines.join("\n");
}

const signs: Readonly<Partial<Record<AccessLine["kind"], string>>> = { opens: "+", closes: "-" };

/**
 * Who may call whom, as the pull request changes it.
 *
 * @param extent of whom and what "proved" is said.
 */
export function accessSection(
  { changes, comparedWith, guarantees, broken, unmetAssumptions = [] }: AccessReport,
  extent: string = osmExtent,
): Section {
  const common = { language: "diff", folded: false, weight: 8 } as const;
  const held = `${String(guarantees - broken.length)} of ${counted(guarantees, "guarantee")}`;
  const unmet = unmetAssumptions.map((sentence) => ` Assumed, but not so: ${code(hideIn(sentence), 300)}`).join("");
  const against = code(comparedWith, 60);
  if ("unknown" in changes) {
    return { ...common, title: "Access: not compared", entries: [line(changes.unknown)], language: "text" };
  }
  if (changes.length === 0) {
    const intro = `No change against ${against}, and ${held} kept: proved ${extent}.${unmet}`;
    return { ...common, title: "Access", intro, entries: [] };
  }
  const count = (kind: AccessLine["kind"]): number => changes.filter((change) => change.kind === kind).length;
  const others = changes.length - count("opens") - count("closes");
  const parts = [`${String(count("opens"))} opened`, `${String(count("closes"))} closed`];
  if (others > 0) parts.push(`${String(others)} otherwise changed`);
  const intro = `Against ${against}; a request shows each line. ${held} kept: proved ${extent}.${unmet}`;
  const picture = accessPicture(changes);
  return {
    ...common,
    title: `Access: ${parts.join(", ")}`,
    intro: picture === undefined ? intro : `${intro}\n\n${picture}`,
    entries: changes.map(accessEntry),
  };
}

function accessEntry({ kind, from, to, request, before, after, shares }: AccessLine): string {
  const lines = [`${signs[kind] ?? "!"} ${changeTitles[kind]}: ${line(`${from} → ${to}`)}`];
  if (request !== undefined) lines.push(`    ${witness(request)}`);
  if (kind === "shares" && shares !== undefined) lines.push(`    ${line(shares.join(", "))}`);
  else if (before !== undefined && after !== undefined) {
    lines.push(`    was ${verdict(before)}, is ${verdict(after)}`);
  }
  return lines.join("\n");
}

function witness(request: Request): string {
  if (request.protocol === "tcp") return "a TCP connection";
  const { method = "GET", path = "/", host, headers = {} } = request;
  const extra = Object.entries({ ...(host !== undefined && { Host: host }), ...headers });
  return line([`${method} ${path}`, ...extra.map(([name, value]) => `${name}: ${String(value)}`)].join("  "));
}

function verdict({ outcome, status, outcomes = [], variesBy }: ShortVerdict): string {
  if (outcome === "varies") return line(`${outcomes.join(" or ")} by ${variesBy ?? "chance"}`);
  return line(status === null ? outcome : `${outcome} (${String(status)})`);
}

/** A line of a code block. Secrets may take shape only where parts are joined. */
function line(text: string): string {
  return plainLine(hideIn(text), 500);
}
