import { changeTitles } from "../../mesh";
import { type AccessLine } from "../report";
import { block } from "./escape";
import { hideIn } from "./secrets";

/** More arrows than this nobody reads. */
const mostArrows = 20;
const mostLetters = 60;

/** How arrows look; colours that GitHub's light and dark pages both show, and lines that differ without them. */
const arrows: Readonly<Partial<Record<AccessLine["kind"], readonly [arrow: string, colour: string]>>> = {
  opens: ["==>", "#bf5700"],
  closes: ["-.->", "#1f7a8c"],
};

/**
 * Changes of access as a diagram, which GitHub draws: who calls, and what is called. Undefined where there is nothing to draw, or too much.
 */
export function accessPicture(changes: readonly AccessLine[]): string | undefined {
  if (changes.length === 0 || changes.length > mostArrows) return undefined;
  const nodes = new Map<string, string>();
  const node = (text: string, shape: readonly [string, string]): string => {
    const known = nodes.get(text);
    if (known !== undefined) return known;
    const id = `n${String(nodes.size)}`;
    nodes.set(text, id);
    return `${id}${shape[0]}"${label(text)}"${shape[1]}`;
  };
  const lines = changes.map(({ kind, from, to, shares = [] }) => {
    const [arrow] = arrows[kind] ?? ["-->"];
    const words = kind === "shares" && shares.length > 0 ? shares.map(withoutNamespace).join(", ") : changeTitles[kind];
    return `  ${node(from, ["([", "])"])} ${arrow}|"${label(words)}"| ${node(to.replace(".svc.cluster.local", ""), ["[", "]"])}`;
  });
  const styles = changes.flatMap(({ kind }, index) => {
    const [, colour] = arrows[kind] ?? [];
    return colour === undefined ? [] : [`  linkStyle ${String(index)} stroke:${colour}`];
  });
  return block(["flowchart LR", ...lines, ...styles], "mermaid");
}

/** What becomes of a share, by the name of who answers. */
function withoutNamespace(share: string): string {
  return share.replace(/^[^/ ]*\//, "");
}

/** Characters that stand in labels as their codes; of Mermaid's own language the others may be part, and are not needed. */
const coded = "%→,()=_*…";

/** A text that Mermaid shows and does not read. */
function label(text: string): string {
  const letters = [...hideIn(text).replace(/\s+/g, " ")];
  const short = letters.length <= mostLetters ? letters : [...letters.slice(0, mostLetters - 1), "…"];
  return short.map(labelLetter).join("");
}

function labelLetter(letter: string): string {
  if (/[A-Za-z0-9 .:/-]/.test(letter)) return letter;
  return coded.includes(letter) ? `#${String(letter.codePointAt(0))};` : "?";
}
