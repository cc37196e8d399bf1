/** How a program may end with an error of its own. */
export const endings = [
  ["thrown", "throw error;"],
  ["rejected", "void Promise.reject(error);"],
] as const;

/** Lines of TypeScript of which JavaScript has less: an error in the sixth, at the 29th character, and what is done with it. */
export function failing(end: string): readonly string[] {
  return [
    "interface Long {",
    "  readonly line: string;",
    "}",
    "",
    "// A comment.",
    "const error = ((_: Long) => new Error('here'))({ line: '' });",
    end,
  ];
}
