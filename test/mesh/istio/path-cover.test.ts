import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerCover, nearHeaders, nearPaths, pathCover, valueOf } from "../../../mesh/istio/path-cover";
import { type Cover, type Piece } from "../../../mesh/regex/ends-cover";
import { languageOf } from "../../../mesh/regex/language";
import { fullMatch } from "../../../mesh/regex/pattern";

/** Values in one line: any of, `!` none of, `^` beginnings. */
function written(pieces: readonly Piece[]): string {
  return pieces
    .map(({ anyOf, noneOf, startsWith = [] }) =>
      [
        ...(anyOf.length === 0 ? ["*"] : anyOf.map(valueOf)),
        ...noneOf.map((atom) => `!${valueOf(atom)}`),
        ...startsWith.map((text) => `^${text}`),
      ].join(" "),
    )
    .join(" | ");
}

function writtenCover(cover: Cover): string {
  return cover.kind === "cover" ? written(cover.pieces) : "no";
}

/** Whether a value of an AuthorizationPolicy matches: written anew from Istio's documentation. */
function valueMatches(value: string, path: string): boolean {
  if (value.includes("{")) {
    const rest = value.endsWith("/{**}");
    const wanted = (rest ? value.slice(0, -"/{**}".length) : value).split("/");
    const given = path.split("/");
    if (rest ? given.length <= wanted.length : given.length !== wanted.length) return false;
    return wanted.every((segment, at) => (segment === "{*}" ? given[at] !== "" : segment === given[at]));
  }
  if (value.startsWith("*")) return path.endsWith(value.slice(1));
  if (value.endsWith("*")) return path.startsWith(value.slice(0, -1));
  return path === value;
}

function pieceMatches({ anyOf, noneOf, startsWith }: Piece, path: string): boolean {
  return (
    (anyOf.length === 0 || anyOf.some((atom) => valueMatches(valueOf(atom), path))) &&
    !noneOf.some((atom) => valueMatches(valueOf(atom), path)) &&
    (startsWith === undefined || startsWith.some((text) => path.startsWith(text)))
  );
}

describe("path cover", () => {
  it.each([
    ["/books", "/books"],
    ["/books.*", "/books*"],
    [".*\\.css", "*.css"],
    ["/a.*b", "*b ^/a"],
    ["/buy.+new", "*new !/buynew ^/buy"],
    ["/(a|b)/x", "/a/x /b/x"],
    ["/[^a].*", "* !/a* !/"],
    [".*", "*"],
    ["/books(/.*)?", "/books /books/*"],
    ["/books/[^/]+", "/books/{*}"],
    ["/books/[^/]*", "/books/ /books/{*}"],
    ["/books/[^/]+/.*", "/books/{*}/{**}"],
    ["/books/[^/]+/pages/[^/]+", "/books/{*}/pages/{*}"],
    ["/books/(new|[^/]+/edit)", "/books/new /books/new/edit | /books/{*}/edit"],
    ["/[^/]*\\.json", "*.json !/{*}/{**} !//*"],
    ["/x/.*\\.json|/y", "/y | *.json ^/x/"],
    ["/a.*b|/c.*b", "*b ^/a ^/c"],
    ["(ab)*", ""],
    ["/books/[0-9]+", "no"],
    [".*a-book.*new", "no"],
    ["/(ab)*", "no"],
    ["/a+", "no"],
  ])("%s", (pattern, expected) => {
    expect(writtenCover(pathCover(languageOf(pattern)))).toBe(expected);
  });

  it("says by two paths why there is none", () => {
    const cover = pathCover(languageOf("/books/[0-9]+"));
    expect(cover).toMatchObject({ kind: "uncovered" });
    const [inside = "", outside = ""] =
      cover.kind === "uncovered" ? [...cover.reason.matchAll(/"([^"]*)"/g)].map(([, text]) => text) : [];
    expect(fullMatch("/books/[0-9]+", inside)).toBe(true);
    expect(fullMatch("/books/[0-9]+", outside)).toBe(false);
    expect([inside, outside]).toEqual(["/books/0000", "/books/00x00"]);
  });

  it.each([
    [".*a-book.*new", "*a-booknew", "/a-bookxnew", "*new", "/new"],
    ["/books/[0-9]+", /^\/books\/0 \/books\/1 .*\/books\/9$/, "/books/00", "/books/{*}", "/books/x"],
  ])("%s: the nearest on both sides", (pattern, narrow, outsideNarrow, wide, outsideLanguage) => {
    const { narrower, wider } = nearPaths(languageOf(pattern));
    expect(written(narrower?.pieces ?? [])).toMatch(narrow);
    expect(narrower?.witness).toBe(outsideNarrow);
    expect(written(wider?.pieces ?? [])).toBe(wide);
    expect(wider?.witness).toBe(outsideLanguage);
  });

  const letter = fc.constantFrom("a", "b", "/", "-");
  const text = fc.array(letter, { maxLength: 4 }).map((letters) => letters.join(""));
  const segment = fc.constantFrom("a", "b", "ab", "[^/]+");
  const part = fc.oneof(
    text.map((exact) => `/${exact}`),
    text.map((prefix) => `/${prefix}.*`),
    text.map((suffix) => `/.*${suffix}`),
    fc.tuple(text, text).map(([prefix, suffix]) => `/${prefix}.*${suffix}`),
  );
  const templates = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join("/")}`);
  const somePath = fc
    .array(fc.constantFrom("a", "b", "/", "-", "x"), { maxLength: 9 })
    .map((letters) => `/${letters.join("")}`);

  it("finds what can be said, and says exactly it", () => {
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.array(somePath, { minLength: 60, maxLength: 60 }),
        (parts, tried) => {
          const pattern = parts.join("|");
          const cover = pathCover(languageOf(pattern));
          if (cover.kind === "uncovered") throw new Error(`${pattern}: ${cover.reason}`);
          for (const path of tried) {
            expect(
              cover.pieces.some((piece) => pieceMatches(piece, path)),
              `${pattern} ${path}`,
            ).toBe(fullMatch(pattern, path));
          }
        },
      ),
      { numRuns: 150, seed: 1 },
    );
  });

  it("finds templates", () => {
    fc.assert(
      fc.property(templates, fc.array(somePath, { minLength: 60, maxLength: 60 }), (pattern, tried) => {
        const cover = pathCover(languageOf(pattern));
        if (cover.kind === "uncovered") throw new Error(`${pattern}: ${cover.reason}`);
        for (const path of tried) {
          expect(
            cover.pieces.some((piece) => pieceMatches(piece, path)),
            `${pattern} ${path}`,
          ).toBe(fullMatch(pattern, path));
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it("never gives a near cover on the wrong side", () => {
    const odd = fc.constantFrom("[0-9]+", "(ab)*", ".*", "x", "[a-z]+", "a+", "[^/]*b[^/]*");
    fc.assert(
      fc.property(
        fc.array(odd, { minLength: 1, maxLength: 3 }),
        fc.array(somePath, { minLength: 40, maxLength: 40 }),
        (parts, tried) => {
          const pattern = `/${parts.join("/")}`;
          const { narrower, wider } = nearPaths(languageOf(pattern));
          for (const path of tried) {
            const matches = fullMatch(pattern, path);
            if (narrower?.pieces.some((piece) => pieceMatches(piece, path)))
              expect(matches, `${pattern} ${path}`).toBe(true);
            if (wider !== undefined && matches)
              expect(wider.pieces.some((piece) => pieceMatches(piece, path))).toBe(true);
          }
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe("header cover", () => {
  it.each([
    [".*", "*"],
    ["v1", "v1"],
    ["book.*", "book*"],
    [".*b", "*b"],
    ["a|b", "a b"],
    ["café", "café"],
    ["Mozilla.*Firefox", "*Firefox ^Mozilla"],
    [".+", "no"],
    ["[a-z-]+", "no"],
    [".*-http-client/*.*", "no"],
  ])("%s", (pattern, expected) => {
    expect(writtenCover(headerCover(languageOf(`(?:${pattern})`)))).toBe(expected);
  });

  it("the nearest of what Microsoft's guide makes a prefix of", () => {
    const { narrower, wider } = nearHeaders(languageOf(".*-http-client/*.*"));
    expect(written(narrower?.pieces ?? [])).toBe("*-http-client -http-client*");
    expect(written(wider?.pieces ?? [])).toBe("*");
    expect(fullMatch(".*-http-client/*.*", wider?.witness ?? "")).toBe(false);
  });
});
