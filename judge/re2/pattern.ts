import { type Draw } from "../generate/draw";

/** A pattern for RE2, and texts to match with it. */
export interface PatternCase {
  readonly pattern: string;
  readonly texts: readonly string[];
}

const characters = [..."aabbcxyzABKkSs019/-_. \n\té"] as [string, ...string[]];

/** What is one token, and means what it means wherever it stands. */
const tokens = [
  ...["a", "b", "ab", "abc", "/", "x1", "A", "K", "s", "é", "ÿ", " ", "-", ".", "."],
  ...["^", "$", "\\A", "\\z", "\\b", "\\B", "\\C", "(?i)", "(?s)", "(?m)", "(?U)", "(?-i)", "(?-s)", "(?im-sU)"],
  ...[
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\pL",
    "\\PL",
    "\\pN",
    "\\p{Lu}",
    "\\P{^Ll}",
    "\\p{Greek}",
    "\\p{Any}",
  ],
  ...["\\x41", "\\x{61}", "\\x{e9}", "\\xff", "\\101", "\\07", "\\n", "\\t", "\\.", "\\-", "\\Qa.b|\\E", "\\Qxyz"],
  ...["()", "(?:)", "a*", "a+", "a?", "b{2}", "[ab]{3}", ".*", "[a-z]+", "x{0}", "{", "}", "]", "{,2}", "a{1", "{2,x}"],
] as [string, ...string[]];

/** Within square brackets. */
const members = [
  ...[
    "a",
    "b",
    "z",
    "A",
    "K",
    "_",
    "-",
    "/",
    ".",
    "^",
    "é",
    " ",
    "a-z",
    "A-Z",
    "0-9",
    "a-c",
    "K-M",
    "b-y",
    "!-~",
    "[",
    ":",
  ],
  ...[
    "\\d",
    "\\W",
    "\\s",
    "\\x41",
    "\\x00-\\x1f",
    "\\x80-\\xff",
    "\\n",
    "\\]",
    "\\-",
    "[:alpha:]",
    "[:^digit:]",
    "[:word:]",
  ],
  ...["\\pL", "\\p{Lu}", "\\PN", "[:punct:]", "À-ÿ", "&&", "Z-a", "\\pL-z"],
] as [string, ...string[]];

/** Written wrongly, or by people who think of another dialect. */
const wrong = [
  ...[
    "(",
    ")",
    "[",
    "[]",
    "[^",
    "*",
    "+",
    "?",
    "a**",
    "a++",
    "a*{2}",
    "a{2}{3}",
    "a{1001}",
    "a{3,2}",
    "\\",
    "\\8",
    "\\1",
    "\\x",
  ],
  ...[
    "\\x{100}",
    "\\x{",
    "\\xg1",
    "\\p{Nope}",
    "\\pX",
    "\\p{Lu",
    "[[:nope:]]",
    "[z-a]",
    "(?=a)",
    "(?<=a)",
    "(?<!a)",
    "(?z)",
    "(?i",
  ],
  ...[
    "(?-)",
    "(?P<1",
    "(?P<a-b>x)",
    "(?<>x)",
    "\\Z",
    "\\G",
    "\\u0041",
    "\\e",
    "\\400",
    "\\é",
    "(?i-)",
    "(a{1000}){2}",
    "\\p",
  ],
] as [string, ...string[]];

/** Patterns of routes, as people write them. */
const written = [
  ...["/[A-Za-z0-9_-]{24}", "/users/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "/api/v[12]/(users|user|usage)/.+"],
  ...[
    "(?i)^/health(z|check)?$",
    "/(en|de|fr|fr-ca)/[^/]+/?",
    "Bearer [\\w-]+\\.[\\w-]+\\.[\\w-]+",
    "text/(html|plain).*",
  ],
  ...["^/x$", "/\\d{4}/\\d{2}/\\d{2}", "(GET|POST|PUT)", "/static/.*\\.(js|css|png|jpe?g)", "[^@]+@[^@]+\\.com"],
] as [string, ...string[]];

/** A pattern: mostly a right one, of parts that RE2 treats differently from each other. */
export function drawPatternCase(draw: Draw): PatternCase {
  const pattern = draw.oneIn(8) ? draw.pick(written) : drawNode(draw, 4);
  return {
    pattern: draw.oneIn(12) ? spoilt(draw, pattern) : pattern,
    texts: draw.list(2, 5, () => draw.list(0, 5, () => draw.pick(characters)).join("")),
  };
}

function spoilt(draw: Draw, pattern: string): string {
  const at = draw.integer(0, pattern.length);
  const piece = draw.pick(wrong);
  return pattern.slice(0, at) + piece + pattern.slice(at);
}

function drawNode(draw: Draw, depth: number): string {
  if (depth === 0) return drawToken(draw);
  const inner = (): string => drawNode(draw, depth - 1);
  switch (draw.integer(0, 9)) {
    case 0:
    case 1:
      return drawToken(draw);
    case 2:
    case 3:
    case 4:
      return draw.list(1, 4, inner).join("");
    case 5:
      return drawAlternatives(draw, inner);
    case 6:
      return `(${drawAlternatives(draw, inner)})`;
    case 7:
      return `${draw.pick(["(", "(?:", "(?i:", "(?s-m:", "(?P<n>", "(?<n>", "(?U:"])}${inner()})`;
    default: {
      const quantifier = draw.pick([
        "*",
        "+",
        "?",
        "*?",
        "+?",
        "??",
        "{2}",
        "{0,2}",
        "{1,3}?",
        "{2,}",
        "{0}",
        "{1}",
        "{0,}",
      ]);
      const sub = draw.oneIn(2) ? drawToken(draw) : `${draw.pick(["(", "(?:"])}${inner()})`;
      return sub + quantifier;
    }
  }
}

/** Alternatives, often with a beginning in common, or of single characters. */
function drawAlternatives(draw: Draw, inner: () => string): string {
  const common = draw.oneIn(2) ? draw.pick(["ab", "/a", "[ab]", ".", "^", "\\b", "[a-z]{2}", "(?i)k", "a", "\\d"]) : "";
  const single = draw.oneIn(3);
  return draw
    .list(1, 5, () => (draw.oneIn(9) ? "" : common) + (single ? drawToken(draw) : draw.oneIn(7) ? "" : inner()))
    .join("|");
}

function drawToken(draw: Draw): string {
  if (draw.integer(0, 2) > 0) return draw.pick(tokens);
  return `[${draw.oneIn(3) ? "^" : ""}${draw.list(1, 4, () => draw.pick(members)).join("")}]`;
}
