import { expect, test } from "vitest";
import { hasText, languageOf, pathsBeforeReplacing } from "../../../mesh/regex/language";

/** All texts of some letters, up to a length. */
function texts(letters: readonly string[], length: number): readonly string[] {
  const longer = length === 0 ? [] : texts(letters, length - 1);
  return length === 0 ? [""] : ["", ...longer.flatMap((text) => letters.map((letter) => letter + text))];
}

const all = [...new Set(texts(["/", "a", "b"], 5))];

test.each(["/.*", "/a/.*", "/", "(?:/a|/b)+", "//.*", "/ab?", "a.*", "", "/(?:a|b/)*"])(
  "paths that %s matches once their beginning is replaced are found among all short ones",
  (pattern) => {
    const after = languageOf(pattern);
    for (const replaced of [0, 1, 2, 3]) {
      for (const by of ["", "/", "/a", "/b/", "//", "b"]) {
        const before = pathsBeforeReplacing(after, replaced, by);
        for (const text of all) {
          const changed = by + text.slice(replaced);
          const expected = text.length >= replaced && hasText(after, changed === "" ? "/" : changed);
          expect(hasText(before, text), `${text} without ${String(replaced)}, with ${by}`).toBe(expected);
        }
      }
    }
  },
);

test("a text is told from others of a language byte by byte", () => {
  expect(["/é", "/", "/éé", "/e"].map((text) => hasText(languageOf("/(?:é)+"), text))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
