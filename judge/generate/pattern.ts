import { type Draw } from "./draw";

/** A pattern, and texts on both sides of its boundary. */
export interface Pattern {
  readonly regex: string;
  /** Texts that match it as a whole, and near misses: which is which is for the judge to say. */
  readonly texts: readonly string[];
}

/** Patterns that people write, and that trip evaluators: alternatives without brackets, anchors, case, escapes. */
const known: readonly [Pattern, ...Pattern[]] = [
  { regex: "/a", texts: ["/a", "/a/", "/A", "/ab", "/a?x=1", "/"] },
  { regex: "/a.*", texts: ["/a", "/a/b", "/b/a", "/"] },
  { regex: "/.*", texts: ["/", "/x", "", "x/"] },
  { regex: ".*", texts: ["/", "", "*"] },
  { regex: "/(users|user|usage)/\\d+", texts: ["/users/1", "/usage/22", "/use/1", "/user/x"] },
  { regex: "/static/.*\\.(js|css|png|jpe?g)", texts: ["/static/a.js", "/static/x/b.jpg", "/static/a.jpegx", "/a.js"] },
  { regex: "/api/v[12]/(get|got|go|put)", texts: ["/api/v1/go", "/api/v2/got", "/api/v3/get", "/api/v1/gotten"] },
  { regex: "/a|/b", texts: ["/a", "/b", "/a|/b", "/ab"] },
  { regex: "/(a|b)+", texts: ["/a", "/abba", "/", "/c"] },
  { regex: "/books/[0-9]+", texts: ["/books/7", "/books/", "/books/7/x", "/books/x"] },
  { regex: "/books/\\d{2,3}", texts: ["/books/1", "/books/12", "/books/123", "/books/1234"] },
  { regex: "/[^/]+/new", texts: ["/a/new", "//new", "/a/b/new", "/a/new/"] },
  { regex: ".*a-book.*new", texts: ["/buy-a-book/new", "/a-book/new/1", "a-booknew"] },
  { regex: "(?i)/api", texts: ["/api", "/API", "/aPi/"] },
  { regex: "^/x$", texts: ["/x", "/xx", "x"] },
  { regex: "/v1\\.0", texts: ["/v1.0", "/v1x0"] },
  { regex: "/a?", texts: ["/", "/a", "/aa"] },
  { regex: "/\\w+", texts: ["/a_1", "/a-1", "/"] },
  { regex: "/a%20b", texts: ["/a%20b", "/a%20", "/a+b"] },
  { regex: "", texts: ["/", "/anything"] },
];

/** Valid, but more than Envoy lets RE2 compile. */
const tooLong: Pattern = { regex: `/${"long/".repeat(40)}`, texts: [`/${"long/".repeat(40)}`, "/long/"] };

/** Patterns of ids and words, each as large as one wants: Envoy takes programs of 100 instructions at most. */
const sized: readonly [Sized, ...Sized[]] = [
  { regex: (size) => `[A-Za-z0-9_-]{${String(size)}}`, text: (size) => "aZ9_".repeat(size).slice(0, size), around: 24 },
  { regex: (size) => `[a-z0-9]{1,${String(size)}}`, text: (size) => "a0".repeat(size).slice(0, size), around: 33 },
  { regex: (size) => `[0-9a-f]{${String(size)}}`, text: (size) => "0f".repeat(size).slice(0, size), around: 48 },
  { regex: (size) => `[0-9]{${String(size)}}`, text: (size) => "7".repeat(size), around: 96 },
  { regex: (size) => `[^/]{${String(size)}}`, text: (size) => "x".repeat(size), around: 12 },
  { regex: (size) => `.{${String(size)}}`, text: (size) => "x".repeat(size), around: 12 },
  { regex: (size) => `(?i)${"k".repeat(size)}`, text: (size) => "K".repeat(size), around: 48 },
  { regex: (size) => "item|".repeat(size) + "x", text: () => "item", around: 20 },
  { regex: (size) => words(size).join("|"), text: (size) => words(size)[0] ?? "", around: 24 },
  { regex: (size) => `(${words(size).join("|")})+`, text: (size) => words(size).join(""), around: 24 },
];

interface Sized {
  regex(size: number): string;
  /** A text that matches. */
  text(size: number): string;
  /** A size near Envoy's limit. */
  readonly around: number;
}

function words(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `u${"abcdefgh".charAt(index % 8)}${String(index)}`);
}

/** A pattern near the size that Envoy takes. */
export function drawSized(draw: Draw, prefix: string): Pattern {
  const { regex, text, around } = draw.pick(sized);
  const size = around + draw.integer(-Math.ceil(around / 5), Math.ceil(around / 8));
  const whole = prefix === "" ? regex(size) : `${prefix}(?:${regex(size)})`;
  return { regex: whole, texts: [prefix + text(size), prefix + text(size) + "x", prefix] };
}

/** A pattern: mostly a known one, else a small random one with texts made along with it. */
export function drawPattern(draw: Draw, wild: boolean): Pattern {
  if (wild && draw.oneIn(20)) return tooLong;
  if (draw.oneIn(14)) return drawSized(draw, "/");
  if (!draw.oneIn(3)) return draw.pick(known);
  const parts = draw.list(1, 3, () => drawPart(draw));
  const regex = parts.map(({ source }) => source).join("");
  const texts = [0, 1, 2].map((round) => parts.map(({ texts }) => texts[round % texts.length] ?? "").join(""));
  return { regex, texts: [...texts, ...texts.map((text) => nearMiss(draw, text))] };
}

interface Part {
  readonly source: string;
  readonly texts: readonly string[];
}

function drawPart(draw: Draw): Part {
  switch (draw.integer(0, 6)) {
    case 0:
      return { source: "/a", texts: ["/a"] };
    case 1:
      return { source: "/b", texts: ["/b"] };
    case 2:
      return { source: "[ab]", texts: ["a", "b", "c"] };
    case 3:
      return { source: "(a|/b)", texts: ["a", "/b"] };
    case 4:
      return { source: "a*", texts: ["", "a", "aaa"] };
    case 5:
      return { source: "(/c)?", texts: ["", "/c"] };
    default:
      return { source: "[^/]*", texts: ["", "ab", "/"] };
  }
}

/** The text with one character left out, doubled or changed. */
function nearMiss(draw: Draw, text: string): string {
  const at = draw.integer(0, text.length);
  const character = text.charAt(at);
  const replacement = draw.pick(["", character + character, character.toUpperCase(), "z", "/"]);
  return text.slice(0, at) + replacement + text.slice(at + 1);
}
