/** One JSON text of a stream, and where it begins. */
export interface JsonText {
  readonly text: string;
  /** Line breaks before it. */
  readonly line: number;
}

/**
 * Cuts JSON objects that follow one another without a separator, as `kubectl` and `jq` write them. Undefined where the text is
 * anything else, or one object alone.
 */
export function jsonStream(text: string): readonly JsonText[] | undefined {
  const found: JsonText[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  let line = 0;
  let startLine = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\n") line += 1;
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
      continue;
    }
    if (depth === 0 && character !== "{") {
      if (character?.trim() !== "") return undefined;
      continue;
    }
    if (character === '"') quoted = true;
    else if (character === "{") {
      if (depth === 0) [start, startLine] = [at, line];
      depth += 1;
    } else if (character === "}") {
      depth -= 1;
      if (depth === 0) found.push({ text: text.slice(start, at + 1), line: startLine });
    }
  }
  return depth === 0 && found.length > 1 ? found : undefined;
}
