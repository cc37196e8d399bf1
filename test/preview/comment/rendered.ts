import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { type DefaultTreeAdapterTypes, parseFragment } from "parse5";

type Node = DefaultTreeAdapterTypes.ChildNode;

/** What a reader of the comment gets, as far as it could do harm. */
export interface Rendered {
  /** Names of all elements. */
  readonly elements: ReadonlySet<string>;
  /** All attributes but a table's alignment, as `element attribute=value`. */
  readonly attributes: readonly string[];
  /** Links, as where they lead and what they show. */
  readonly links: readonly { readonly to: string; readonly text: string }[];
  /** Text where GitHub looks for mentions, references and addresses: all that is not code. */
  readonly prose: string;
  /** Text in code. */
  readonly code: string;
}

/** Renders GitHub's Markdown with all HTML let through, and reads the result as a browser would. */
export function rendered(markdown: string): Rendered {
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  const elements = new Set<string>();
  const attributes: string[] = [];
  const links: { to: string; text: string }[] = [];
  let prose = "";
  let code = "";
  const walk = (node: Node, inCode: boolean): string => {
    if (node.nodeName === "#text" && "value" in node) {
      if (inCode) code += node.value;
      else prose += node.value;
      return node.value;
    }
    if (!("tagName" in node)) return "";
    elements.add(node.tagName);
    const quiet = inCode || node.tagName === "code" || node.tagName === "pre" || node.tagName === "a";
    const text = node.childNodes.map((child) => walk(child, quiet)).join("");
    for (const { name, value } of node.attrs) attributes.push(`${node.tagName} ${name}=${value}`);
    if (node.tagName === "a") links.push({ to: node.attrs.find(({ name }) => name === "href")?.value ?? "", text });
    return text;
  };
  for (const node of parseFragment(html).childNodes) walk(node, false);
  return { elements, attributes, links, prose, code };
}
