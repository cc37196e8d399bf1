import ts from "typescript";

/** One small change of a source file that a test should notice. */
export interface Mutant {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly from: string;
  readonly to: string;
  /** The whole file, changed. */
  readonly text: string;
}

/** What an operator is turned into. */
const operators: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.AmpersandAmpersandToken, "||"],
  [ts.SyntaxKind.BarBarToken, "&&"],
]);

/** What a method's name is turned into. */
const methods: ReadonlyMap<string, string> = new Map([
  ["some", "every"],
  ["every", "some"],
  ["startsWith", "includes"],
  ["endsWith", "includes"],
  ["intersectSets", "subtractSets"],
  ["subtractSets", "intersectSets"],
  ["possible", "certain"],
  ["certain", "possible"],
]);

/** Every mutant of a file: conditions turned round, bounds moved by one, branches swapped, words of a decision exchanged. */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Mutant[] = [];
  const replace = (node: ts.Node, to: string): void => {
    const [start, end] = [node.getStart(source), node.getEnd()];
    found.push({
      file,
      line: source.getLineAndCharacterOfPosition(start).line + 1,
      from: text.slice(start, end),
      to,
      text: text.slice(0, start) + to + text.slice(end),
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const to = operators.get(node.operatorToken.kind);
      if (to !== undefined) replace(node.operatorToken, to);
    } else if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      replace(node, node.operand.getText(source));
    } else if (ts.isConditionalExpression(node)) {
      const { condition, whenTrue, whenFalse } = node;
      const [asked, yes, no] = [condition, whenTrue, whenFalse].map((part) => part.getText(source));
      replace(node, `${asked ?? ""} ? ${no ?? ""} : ${yes ?? ""}`);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) {
      replace(node, node.kind === ts.SyntaxKind.TrueKeyword ? "false" : "true");
    } else if (ts.isNumericLiteral(node)) {
      replace(node, String(Number(node.text) + 1));
    } else if (ts.isCallExpression(node)) {
      const { expression } = node;
      const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
      const to = ts.isIdentifier(name) ? methods.get(name.text) : undefined;
      if (to !== undefined) replace(name, to);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
