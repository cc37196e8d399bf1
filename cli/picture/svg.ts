import dagre from "@dagrejs/dagre";
import { arrowPaths, pixels } from "./arrow-paths";
import { type PageBox, type PageData, type Tone } from "./page-data";
import { roleOf } from "./role-text";
import { tints, tones } from "./tones";

interface Box extends PageBox {
  readonly id: string;
  readonly namespace: string;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly tone: Tone;
  readonly hint: string;
}

const boxWidth = 190;
const boxHeight = 58;
const margin = 24;

/** Most arrows that a picture still shows; of more a person sees nothing. */
const mostArrows = 2000;

/** Who calls whom as one SVG image: a box for each account with what it serves, so that chains of calls read from left to right. */
export function pictureSvg(data: PageData): string {
  const boxes = data.boxes.map((box) => boxOf(data, box));
  const { arrows, left } = arrowsOf(data, boxes);
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 24, ranksep: 110, edgesep: 14, marginx: margin, marginy: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of boxes) graph.setNode(id, { width: boxWidth, height: boxHeight });
  arrows.forEach(({ from, to, label }, index) => {
    graph.setEdge(from, to, { width: label.length * 6.5 + 12, height: 18, labelpos: "c" }, String(index));
  });
  dagre.layout(graph);

  const namespaces = [...new Set(boxes.map(({ namespace }) => namespace))].sort();
  const edges = arrows.map(({ from, to, label, tone, hint }, index) => {
    const { points, x = 0, y = 0 } = graph.edge({ v: from, w: to, name: String(index) });
    const begin = `<g class="arrow ${tone}" data-from="${escape(from)}" data-to="${escape(to)}"><title>${escape(hint)}</title>`;
    const place = { x, y, half: label.length * 3.2 + 6 };
    return { from: graph.node(from), to: graph.node(to), points, label: place, begin, tone, text: label };
  });
  const paths = arrowPaths(edges, { width: boxWidth, height: boxHeight });
  const lines = edges.map(
    ({ begin, tone }, index) => `${begin}<path d="${paths[index] ?? ""}" marker-end="url(#head-${tone})"/></g>`,
  );
  // After all the lines, so that none runs through a label.
  const labels = edges.map(({ begin, label: { x, y, half }, text }) => {
    return `${begin}<rect class="label-back" x="${pixels(x - half)}" y="${pixels(y - 9)}" width="${pixels(half * 2)}" height="18" rx="9"/><text class="label" x="${pixels(x)}" y="${pixels(y + 4)}">${escape(text)}</text></g>`;
  });
  const nodes = boxes.map((box) => {
    const { x, y } = graph.node(box.id);
    const tint = namespaces.indexOf(box.namespace) % tints.length;
    const second = shorten([box.namespace, roleOf(box)].filter((text) => text !== "").join(" · "), 32);
    return `<g class="box" tabindex="0" data-id="${escape(box.id)}"><title>${escape(hintOf(box))}</title><rect class="${box.kind} tint${String(tint)}" x="${pixels(x - boxWidth / 2)}" y="${pixels(y - boxHeight / 2)}" width="${String(boxWidth)}" height="${String(boxHeight)}" rx="${box.kind === "account" || box.kind === "no-sidecar" ? "10" : "28"}"/><text class="title" x="${pixels(x)}" y="${pixels(y - 3)}">${escape(shorten(box.title, 24))}</text><text class="kind" x="${pixels(x)}" y="${pixels(y + 16)}">${escape(second)}</text></g>`;
  });
  const { width = 300, height = 100 } = boxes.length === 0 ? {} : graph.graph();
  let legendWidth = margin;
  const used = new Set(arrows.map(({ tone }) => tone));
  const legend = Object.entries(tones)
    .filter(([tone]) => tone !== "share" || used.has("share"))
    .map(([tone, { title }]) => {
      const x = legendWidth;
      legendWidth += 70 + title.length * 7;
      return `<g class="arrow ${tone}" transform="translate(${String(x)} ${pixels(height + 16)})"><path d="M0 0H34"/><text class="legend" x="42" y="4">${title}</text></g>`;
    });
  const note =
    left > 0
      ? `<text class="legend" x="${String(margin)}" y="14">${String(left)} more arrows are left out.</text>`
      : "";
  const heads = Object.keys(tones).map(
    (tone) =>
      `<marker id="head-${tone}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="head ${tone}" d="M0 0 10 5 0 10z"/></marker>`,
  );
  const size = [Math.max(width, legendWidth), height + 40].map(pixels);
  const summary = `Who may call whom: ${String(boxes.length)} boxes, ${String(arrows.length)} arrows.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.join(" ")}" width="${size[0] ?? ""}" height="${size[1] ?? ""}" role="img" aria-labelledby="picture-title"><title id="picture-title">${summary}</title><style>${style()}</style><defs>${heads.join("")}</defs><rect class="paper" width="100%" height="100%"/>${lines.join("")}${labels.join("")}${nodes.join("")}${legend.join("")}${note}</svg>\n`;
}

function boxOf({ groups }: PageData, box: PageBox): Box {
  const { kind, title } = groups[box.group] ?? { kind: "namespace", title: "" };
  const namespace = kind === "namespace" ? title : "";
  return { ...box, namespace, id: `${box.kind} ${namespace}/${box.title}` };
}

/** An arrow for each caller of each call; how many more there are. */
function arrowsOf(
  { calls, callerSets, routeLists }: PageData,
  boxes: readonly Box[],
): { readonly arrows: readonly Arrow[]; readonly left: number } {
  const arrows: Arrow[] = [];
  let left = 0;
  for (const { callers, to, address, label, tone, passes = 0 } of calls) {
    const end = boxes[to];
    for (const caller of callerSets[callers] ?? []) {
      const from = boxes[caller];
      if (from === undefined || end === undefined || arrows.length >= mostArrows) {
        left += 1;
        continue;
      }
      const [name = ""] = address.split(".");
      const named = tone === "share" || end.title === name || end.kind === "host" ? label : `${name} ${label}`;
      const title = from.namespace === "" ? from.title : `${from.namespace}/${from.title}`;
      const note = from.note === undefined ? "" : ` (${from.note})`;
      const hint = [`${title}${note} → ${address}`, ...(routeLists[passes] ?? [])].join("\n");
      arrows.push({ from: from.id, to: end.id, label: named, tone, hint });
    }
  }
  return { arrows, left };
}

function hintOf({ namespace, title, ...box }: Box): string {
  return [`${namespace === "" ? "" : `${namespace}/`}${title}`, roleOf({ ...box, title })].join(": ");
}

/** Light colours, and dark ones where the reader's system asks for them. */
function style(): string {
  const colours = (dark: boolean): string => {
    const text = dark ? "#e6e9ee" : "#1f2933";
    const soft = dark ? "#a9b4c0" : "#52606d";
    const paper = dark ? "#14181d" : "#ffffff";
    return [
      `text{fill:${text}}.paper,.label-back{fill:${paper}}.box rect{stroke:${soft}}.kind,.legend{fill:${soft}}`,
      ...tints.map((pair, index) => `.tint${String(index)}{fill:${pair[dark ? 1 : 0]}}`),
      ...Object.entries(tones).map(([tone, { light, dark: night }]) => {
        const colour = dark ? night : light;
        return `.arrow.${tone} path{stroke:${colour}}.head.${tone}{fill:${colour}}`;
      }),
    ].join("");
  };
  const dashes = Object.entries(tones)
    .filter(([, { dash }]) => dash !== "")
    .map(([tone, { dash }]) => `.arrow.${tone} path{stroke-dasharray:${dash}}`);
  return `text{font:13px system-ui,"DejaVu Sans",sans-serif}.arrow path{fill:none;stroke-width:2}.box rect{stroke-width:1.2}.box:focus{outline:none}.box:focus rect,.box:hover rect{stroke-width:2.5}.title,.kind,.label{text-anchor:middle}.title{font-weight:600}.kind,.label{font-size:11px}.label{font-weight:600}.legend{font-size:12px}${dashes.join("")}${colours(false)}@media (prefers-color-scheme:dark){${colours(true)}}`;
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** Text for XML and HTML, where control characters and halves of surrogate pairs are not allowed at all. */
function escape(text: string): string {
  return text
    .replace(/[^\n\P{Cc}]|\p{Cs}/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
