import { TooComplexError } from "../regex/automaton";
import { difference, exampleOf, intersection, type Language, languageOf } from "../regex/language";
import { fullMatch } from "../regex/pattern";
import { literally } from "./authorization/matcher";
import { type HostCondition } from "./host-conditions";

/** Host headers that clients send: a name or an address, and perhaps a port (RFC 9110, 7.2). */
const anyHost = String.raw`(?:[-A-Za-z0-9._~!$&'()*+,;=%]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?`;
const anyLowerHost = anyHost.replaceAll("A-Z", "").replaceAll("A-F", "");

/** Those among them that read as such, where there are any. */
const usualHost = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?(?::[0-9]+)?`;

/** Ways in which conditions may overlap. */
const mostCells = 500;
/** Examples of one way that are looked at, for one that is no other host's. */
const mostExamples = 100;

/**
 * Host headers within a set, one for each way in which conditions are met by some and not by others. What they decide together is decided
 * of every Host header of the set as of one of these.
 *
 * @param within RE2 of the set.
 * @param passedOver RE2 of others like a Host header that stand for nothing here, and of itself; undefined for one that is good. Where
 * a way has no good one, it has one for each such set.
 * @throws {TooComplexError}
 */
export function headersToldApart(
  within: string,
  conditions: readonly HostCondition[],
  passedOver: (header: string) => string | undefined = () => undefined,
): readonly string[] {
  const tellsCase = conditions.some((condition) => condition.tellsCase);
  const texts = new Set<string>();
  const patterns = new Set<string>();
  for (const { pattern, only, tellsCase: own } of conditions) {
    if (only === undefined || own !== tellsCase) patterns.add(own === tellsCase ? pattern : `(?i:${pattern})`);
    else if (fullMatch(within, only)) texts.add(only);
  }
  let cells = [intersection(languageOf(tellsCase ? anyHost : anyLowerHost), languageOf(within))];
  for (const pattern of patterns) {
    const language = languageOf(pattern);
    cells = cells.flatMap((cell) =>
      [intersection(cell, language), difference(cell, language)].filter(({ isEmpty }) => !isEmpty),
    );
    if (cells.length > mostCells) throw new TooComplexError("Conditions on the Host header overlap in too many ways.");
  }
  const found = new Set(texts);
  for (const cell of cells) {
    const usual = examplesOf(intersection(cell, languageOf(usualHost)), texts, passedOver);
    for (const header of usual.length > 0 ? usual : examplesOf(cell, texts, passedOver)) found.add(header);
  }
  return [...found];
}

/** One that is none of the texts, nor passed over; where there is no such, one for each set that is passed over. */
function examplesOf(
  cell: Language,
  texts: ReadonlySet<string>,
  passedOver: (header: string) => string | undefined,
): readonly string[] {
  const passed: string[] = [];
  for (let left = cell, count = 0; ; count += 1) {
    const header = exampleOf(left);
    if (header === undefined) return passed;
    const others = texts.has(header) ? literally(header) : passedOver(header);
    if (others === undefined) return [header];
    if (!texts.has(header)) passed.push(header);
    if (count === mostExamples) throw new TooComplexError("Too many hosts have names like those that are asked for.");
    left = difference(left, languageOf(others));
  }
}
