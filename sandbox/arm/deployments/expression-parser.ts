import { ArmError } from "../errors";

/** An expression of Azure's template language. */
export type Expression =
  | { readonly kind: "literal"; readonly value: string | number }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: "member"; readonly of: Expression; readonly key: Expression };

/** A refusal of a template, as Azure words it. */
export function invalidTemplate(detail: string, code = "InvalidTemplate"): ArmError {
  return new ArmError(400, code, `Deployment template validation failed: '${detail}'.`);
}

/** What stands between the brackets of a template's text, or undefined where the text is plain. `[[` begins a plain bracket. */
export function expressionIn(text: string): string | undefined {
  return text.startsWith("[") && text.endsWith("]") && !text.startsWith("[[") ? text.slice(1, -1) : undefined;
}

/**
 * Parses an expression: function calls, texts in single quotes (`''` for a quote), whole numbers, `.name` and `[…]`.
 *
 * @throws ArmError 400 InvalidTemplate with the position.
 */
export function parseExpression(source: string): Expression {
  const token = /\s*(?:'((?:[^']|'')*)'|(-?\d+)|([A-Za-z_][\w.]*?)(?=\s*\()|([A-Za-z_]\w*)|([()[\],.]))/y;
  let peeked: RegExpExecArray | null = null;
  let position = 0;
  const fail = (): never => {
    throw invalidTemplate(`the expression '${source}' cannot be read at position ${position + 1}`);
  };
  const peek = (): RegExpExecArray | null => {
    if (peeked === null) {
      token.lastIndex = position;
      peeked = token.exec(source);
    }
    return peeked;
  };
  const take = (): RegExpExecArray => {
    const found = peek() ?? fail();
    position = found.index + found[0].length;
    peeked = null;
    return found;
  };
  const isNext = (mark: string): boolean => peek()?.[5] === mark;
  const expect = (mark: string): void => {
    if (!isNext(mark)) fail();
    take();
  };

  function primary(): Expression {
    const found = take();
    if (found[1] !== undefined) return { kind: "literal", value: found[1].replaceAll("''", "'") };
    if (found[2] !== undefined) return { kind: "literal", value: Number(found[2]) };
    if (found[3] === undefined) return fail();
    expect("(");
    const list: Expression[] = [];
    while (!isNext(")")) {
      if (list.length > 0) expect(",");
      list.push(whole());
    }
    expect(")");
    return { kind: "call", name: found[3], arguments: list };
  }

  function whole(): Expression {
    let result = primary();
    for (;;) {
      if (isNext(".")) {
        take();
        const name = take();
        result = { kind: "member", of: result, key: { kind: "literal", value: name[4] ?? fail() } };
      } else if (isNext("[")) {
        take();
        const key = whole();
        expect("]");
        result = { kind: "member", of: result, key };
      } else return result;
    }
  }

  const result = whole();
  if (source.slice(position).trim() !== "") fail();
  return result;
}
