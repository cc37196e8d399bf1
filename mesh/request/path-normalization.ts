/**
 * What a sidecar does to a path before it looks at it, in the words of Istio's MeshConfig (`pathNormalization.normalization`). OSM does
 * nothing.
 */
export type PathNormalization = "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";

/**
 * A path, with or without a query, as a sidecar passes it on: `.` and `..` are resolved, `\` is `/`, escapes of what needs none are
 * undone, and what needs an escape gets one (Envoy's `normalize_path`, which is Chromium's canonical path).
 */
export function normalPath(full: string, form: PathNormalization): string {
  if (form === "NONE") return full;
  const cut = full.search(/[?#]/);
  const path = cut < 0 ? full : full.slice(0, cut);
  const rest = cut < 0 ? "" : full.slice(cut);
  const decoded = form === "DECODE_AND_MERGE_SLASHES" ? path.replace(/%2f/gi, "/").replace(/%5c/gi, "\\") : path;
  const resolved = withoutDots(canonical(decoded));
  return (form === "BASE" ? resolved : resolved.replace(/\/+/g, "/")) + rest;
}

/** Characters that stand for themselves, so that an escape of one is undone. */
const unreserved = /^[A-Za-z0-9._~-]$/;

/** Characters of a path that stay as they are. */
const passes = /^[!$&'()*+,\-./0-9:;=@A-Z[\]_a-z~]$/;

function canonical(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}|[^]/gu, (piece) => {
    if (piece.length === 3 && piece.startsWith("%")) {
      const character = String.fromCharCode(Number.parseInt(piece.slice(1), 16));
      return unreserved.test(character) ? character : piece;
    }
    if (piece === "\\") return "/";
    if (piece === "%" || passes.test(piece)) return piece;
    return Array.from(new TextEncoder().encode(piece), escaped).join("");
  });
}

function escaped(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** RFC 3986, 5.2.4. Empty segments stay. */
function withoutDots(path: string): string {
  const segments = path.split("/");
  const kept: string[] = [];
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    if (segment === "..") {
      if (kept.length > 1) kept.pop();
      if (last) kept.push("");
    } else if (segment === ".") {
      if (last) kept.push("");
    } else kept.push(segment);
  });
  return kept.join("/");
}

const escape = "%(?:[01][0-9A-Fa-f]|2[0-9A-CFa-cf]|3[A-Fa-f]|40|5[B-Eb-e]|60|7[B-DFb-df]|[89A-Fa-f][0-9A-Fa-f])";
const anyButDot = String.raw`(?:[!$&-\-0-;=@A-Z\[\]_a-z~]|${escape})`;
const any = String.raw`(?:[!$&-.0-;=@A-Z\[\]_a-z~]|${escape})`;
const segment = String.raw`(?:${anyButDot}${any}*|\.${anyButDot}${any}*|\.\.${any}+)`;

/** Of each form the paths that it leaves as they are, without a query: RE2 of the whole path. */
export const normalPathPattern: Readonly<Record<PathNormalization, string | undefined>> = {
  NONE: undefined,
  BASE: `(?:/${segment}?)+`,
  MERGE_SLASHES: `(?:/${segment})*/?`,
  DECODE_AND_MERGE_SLASHES: `(?:/${segment.replaceAll(escape, escape.replace("2[0-9A-CFa-cf]", "2[0-9A-Ca-c]").replace("5[B-Eb-e]", "5[BD-Ebd-e]"))})*/?`,
};
