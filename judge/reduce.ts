import { type Judge, type JudgeRequest } from ".";
import { type Analysis, disagreements, type Disagreement } from "./compare";

/**
 * Makes a disagreement small: leaves out list items and optional fields, one after the other, as long as the two sides still
 * disagree about the request.
 */
export async function reduce(judge: Judge, start: Disagreement, analysis?: Analysis): Promise<Disagreement> {
  let current = start;
  for (;;) {
    const smaller = await firstStillWrong(judge, current, analysis);
    if (smaller === undefined) return current;
    current = smaller;
  }
}

async function firstStillWrong(
  judge: Judge,
  current: Disagreement,
  analysis: Analysis | undefined,
): Promise<Disagreement | undefined> {
  const candidates = [...smallerValues({ objects: current.objects, request: current.request })].filter(isCase);
  // In batches, since most candidates are no longer wrong.
  for (let start = 0; start < candidates.length; start += 16) {
    const cases = candidates.slice(start, start + 16).map(({ objects, request }) => ({ objects, requests: [request] }));
    const answers = await judge.ask(cases);
    for (const [index, answer] of answers.entries()) {
      const asked = cases[index];
      if (asked === undefined || "error" in answer) continue;
      const [found] = disagreements(asked, answer.verdicts, analysis);
      // Another mistake is not this one made smaller.
      if (found !== undefined && kind(found) === kind(current)) return found;
    }
  }
  return undefined;
}

/** What differs, without names and shares. */
function kind({ ours, theirs }: Disagreement): string {
  const word = (text: string): string =>
    text
      .split(" ")
      .slice(0, text.startsWith("varies") ? undefined : 1)
      .join(" ");
  return `${word(ours)} / ${word(theirs)}`;
}

interface Candidate {
  readonly objects: readonly unknown[];
  readonly request: JudgeRequest;
}

function isCase(value: unknown): value is Candidate {
  return typeof value === "object" && value !== null && "objects" in value && "request" in value;
}

/** Fields without which an object is not one, or means something else. */
const needed = new Set([
  "apiVersion",
  "kind",
  "metadata",
  "name",
  "namespace",
  "uid",
  "objects",
  "request",
  "from",
  "to",
  "protocol",
  "spec",
  "port",
  "ports",
  "containerPort",
]);

/** All values with one item or one optional field less, larger pieces first. */
function* smallerValues(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) yield value.toSpliced(index, 1);
    for (const [index, item] of value.entries()) {
      for (const smaller of smallerValues(item)) yield value.with(index, smaller);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) {
      if (!needed.has(key)) yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    }
    for (const [key, item] of Object.entries(value)) {
      for (const smaller of smallerValues(item)) yield { ...value, [key]: smaller };
    }
  }
}
