/** Things that a message names; the rest is counted. */
const mostNamed = 5;

/** Texts in a message: the first five, and how many there are beside them. */
export function listed(texts: readonly string[]): string {
  const rest = texts.length > mostNamed ? ` and ${String(texts.length - mostNamed)} more` : "";
  return `${texts.slice(0, mostNamed).join(", ")}${rest}`;
}
