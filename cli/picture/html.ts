import { createHash } from "node:crypto";
import { type PageData } from "./page-data";
import { pageFiles } from "./page-files";
import { changeStyles, type LineStyle, tints, tones } from "./tones";

const titles: Readonly<Record<PageData["kind"], string>> = {
  access: "Who may call whom",
  diff: "Who may call whom: what changes",
};

/**
 * One page that needs nothing but itself: the picture, a matrix and a table of the same calls. Its policy lets no script run and no
 * style apply but its own, and nothing be loaded.
 */
export function pictureHtml(data: PageData): string {
  const { script, style } = pageFiles();
  const css = `${colours()}${style}`;
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src '${hashOf(css)}'; script-src '${hashOf(script)}'`;
  const title = titles[data.kind];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>${css}</style></head>
<body><header><h1>${title}</h1><p id="summary" role="status"></p><div id="tools"></div><p id="said" class="unseen" role="status"></p></header>
<main><noscript><p>This page draws with its own script, which is turned off here. <code>aks-mesh ${data.kind}</code> without --html prints the same as text.</p></noscript></main>
<aside id="details" aria-label="What is chosen" hidden></aside>
<script type="application/json" id="data">${scriptText(data)}</script>
<script>${script}</script>
</body></html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that ends no script element, whatever stands in it. Control characters, which HTML does not allow, are replaced. */
function scriptText(data: PageData): string {
  return JSON.stringify(data, (_, value: unknown) =>
    typeof value === "string" ? value.replace(/[^\n\P{Cc}]|\p{Cs}/gu, "\ufffd") : value,
  ).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The colours and dashes of lines, and the fills of namespaces, light and dark. */
function colours(): string {
  const lines: readonly (readonly [string, LineStyle])[] = [...Object.entries(tones), ...Object.entries(changeStyles)];
  const variables = (dark: boolean): string =>
    [
      ...lines.map(([name, line]) => `--${name}:${dark ? line.dark : line.light}`),
      ...tints.map((pair, index) => `--tint${String(index)}:${pair[dark ? 1 : 0]}`),
    ].join(";");
  const rules = lines.map(
    ([name, { dash }]) =>
      `.${name}{--tone:var(--${name})}${dash === "" ? "" : `path.${name}{stroke-dasharray:${dash}}`}`,
  );
  const fills = tints.map((_, index) => `.tint${String(index)}{--fill:var(--tint${String(index)})}`);
  return `:root{${variables(false)}}@media (prefers-color-scheme:dark){:root{${variables(true)}}}${rules.join("")}${fills.join("")}`;
}
