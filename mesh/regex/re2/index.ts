import { concat, type Node } from "./node";
import { flattenedSize } from "./flatten";
import { parse } from "./parse";
import { compile, type Program } from "./program";
import { simplify } from "./simplify";
import { asUtf8 } from "./utf8";

export { SyntaxFault } from "./parse";
export { type Instruction, type Program, TooLargeError } from "./program";

/** A pattern that RE2 takes. */
export interface Compiled {
  /** Matches the whole pattern. */
  readonly program: Program;
  /** The same where RE2 reads UTF-8, see {@link asUtf8}. */
  readonly utf8Program: Program;
  /** What `RE2::ProgramSize()` gives. */
  readonly size: number;
  /** The same where RE2 reads UTF-8, see {@link asUtf8}. */
  readonly utf8Size: number;
}

/**
 * Reads and compiles a pattern as RE2 in C++ does with the encoding Latin-1.
 *
 * @param bytes of the pattern.
 * @throws {SyntaxFault | TooLargeError}
 */
export function compileRe2(bytes: readonly number[]): Compiled {
  const tree = parse(bytes);
  const program = compile(simplify(tree));
  const rest = withoutPrefix(tree);
  const run = rest === undefined ? program : compile(simplify(rest));
  const caseless = hasCaseFlag(bytes);
  return {
    program,
    get utf8Program() {
      return asUtf8(program, caseless);
    },
    size: flattenedSize(run),
    utf8Size: flattenedSize(asUtf8(run, caseless)),
  };
}

function hasCaseFlag(bytes: readonly number[]): boolean {
  return /\(\?[A-Za-z]*i/.test(String.fromCharCode(...bytes));
}

/** RE2 compares the text that an anchored pattern begins with without its machine, which has only what follows. */
function withoutPrefix(tree: Node): Node | undefined {
  if (tree.op !== "concat") return undefined;
  const first = tree.subs.findIndex(({ op }) => op !== "beginText");
  if (first <= 0 || tree.subs[first]?.op !== "literal") return undefined;
  return concat(tree.subs.slice(first + 1), tree.flags);
}
