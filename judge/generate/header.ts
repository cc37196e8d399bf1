import { type Draw } from "./draw";
import { type Mood } from "./names";
import { drawSized, type Pattern } from "./pattern";

export function drawHostPattern(draw: Draw): Pattern {
  return { regex: draw.pick(["s.*", "s\\.a(:80)?", ".*svc.cluster.local.*", "t\\.a.*"]), texts: [] };
}

/** Values of ordinary headers. */
export function drawValue(draw: Draw, mood: Mood): Pattern {
  if (draw.oneIn(4)) return draw.pick(beyondAscii);
  if (draw.oneIn(12)) return drawSized(draw, "");
  return draw.pick([
    { regex: "v1", texts: ["v1", "V1", "v1x", ""] },
    { regex: ".*", texts: ["", "anything"] },
    { regex: "book.*", texts: ["bookbuyer", "abook", "book"] },
    { regex: "a|b", texts: ["a", "b", "ab", "a|b"] },
    { regex: "(gold|silver|bronze)-(tier|plan)", texts: ["gold-tier", "bronze-plan", "gold", "tin-tier"] },
    { regex: "a,b", texts: ["a", "b", "a,b"] },
    { regex: ".*b", texts: ["a", "b", "ab"] },
    { regex: "GET", texts: ["GET"] },
    ...(mood === "wild" && draw.oneIn(10) ? [{ regex: "", texts: [""] }] : []),
  ]);
}

/** Patterns and values of which a character may be several bytes: Envoys of different ages read them differently. */
const beyondAscii: readonly [Pattern, ...Pattern[]] = [
  { regex: "caf.", texts: ["café", "cafe", "caf"] },
  { regex: "caf..", texts: ["café", "cafés", "cafes"] },
  { regex: "café", texts: ["café", "cafe", "CAFÉ"] },
  { regex: "Zürich|Genève", texts: ["Zürich", "Genève", "Zurich", "Genevè"] },
  { regex: "[^a-z]", texts: ["é", "ß", "a", "ü"] },
  { regex: "[^ ]{2,3}", texts: ["é", "éé", "éa", "aaa", "日", "日本"] },
  { regex: ".{4}", texts: ["日本", "éé", "abcd", "é日"] },
  { regex: "\\w+", texts: ["naïve", "naive", "é"] },
  { regex: ".+", texts: ["é", "日本語", "x"] },
  { regex: "(?s).*é.*", texts: ["é", "caféx", "cafe"] },
];

/** Request ids: sidecars add one, a random UUID, where the caller sends none. */
export function drawIdentifier(draw: Draw): Pattern {
  return draw.pick([
    { regex: ".+", texts: ["test-1", ""] },
    { regex: "test-.*", texts: ["test-1", "prod-1"] },
    { regex: "[0-9a-f-]+", texts: ["0a-1", "test-1"] },
    { regex: "[0-9a-f]{8}-.*", texts: ["0123abcd-x", "test-1"] },
    { regex: "[0-7].*", texts: ["0123", "9", "test-1"] },
    { regex: ".*[02468ace]", texts: ["10", "11"] },
  ]);
}
