import dagre from "@dagrejs/dagre";
import { type Access, type AccessEntry, chainKind, fullName, routeText, summarize, type Summary } from "../mesh/osm";

interface Box {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly kind: "account" | "service";
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly tone: Tone;
  readonly hint: string;
}

type Tone = "all" | "some" | "unsettled" | "none";

/** Colours that colour-blind readers can tell apart too; dashes say the same again. */
const tones: Readonly<Record<Tone, { readonly colour: string; readonly dash: string; readonly title: string }>> = {
  all: { colour: "#1a7f4b", dash: "", title: "everything passes" },
  some: { colour: "#2563b0", dash: "", title: "some requests pass" },
  unsettled: { colour: "#b36b00", dash: "8 4", title: "may fail" },
  none: { colour: "#b3261e", dash: "2 4", title: "always fails" },
};

const boxWidth = 190;
const boxHeight = 54;
const margin = 24;
const captionHeight = 20;

/** Most arrows that a picture still shows; of more a person sees nothing. */
const mostArrows = 2000;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Callers, services and arrows between them as one SVG image. */
export function accessSvg(relation: Access): string {
  const { boxes, arrows, left } = model(relation);
  const graph = new dagre.graphlib.Graph({ compound: true, multigraph: true });
  graph.setGraph({
    rankdir: "LR",
    nodesep: 26,
    ranksep: 130,
    edgesep: 16,
    marginx: margin,
    marginy: margin + captionHeight,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, subtitle } of boxes) {
    graph.setNode(id, { width: boxWidth, height: boxHeight });
    const group = `namespace ${subtitle}`;
    if (!graph.hasNode(group)) graph.setNode(group, {});
    graph.setParent(id, group);
  }
  arrows.forEach(({ from, to, label }, index) => {
    graph.setEdge(from, to, { width: label.length * 6.5 + 8, height: 16, labelpos: "c" }, String(index));
  });
  dagre.layout(graph);

  const { width = 300, height = 100 } = graph.graph();
  const legendHeight = 34;
  const groups = [...new Set(boxes.map(({ subtitle }) => subtitle))].map((namespace, index) => {
    const { x, y, width: w, height: h } = graph.node(`namespace ${namespace}`);
    return `<g><rect class="namespace tint${String(index % 6)}" x="${num(x - w / 2)}" y="${num(y - h / 2 - captionHeight / 2)}" width="${num(w)}" height="${num(h + captionHeight / 2)}" rx="14"/><text class="caption" x="${num(x - w / 2 + 12)}" y="${num(y - h / 2 + 6)}">${escape(namespace)}</text></g>`;
  });
  const lines = arrows.map((arrow, index) => {
    const { points, x = 0, y = 0 } = graph.edge({ v: arrow.from, w: arrow.to, name: String(index) });
    const { colour, dash } = tones[arrow.tone];
    const half = arrow.label.length * 3.1 + 5;
    return `<g class="arrow" data-from="${escape(arrow.from)}" data-to="${escape(arrow.to)}"><title>${escape(arrow.hint)}</title><path d="${curve(points)}" fill="none" stroke="${colour}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`} marker-end="url(#head-${arrow.tone})"/><rect class="label-back" x="${num(x - half)}" y="${num(y - 9)}" width="${num(half * 2)}" height="17" rx="8"/><text class="label" x="${num(x)}" y="${num(y + 4)}" fill="${colour}">${escape(arrow.label)}</text></g>`;
  });
  const nodes = boxes.map(({ id, title, kind }) => {
    const { x, y } = graph.node(id);
    return `<g class="box" data-id="${escape(id)}"><rect class="${kind}" x="${num(x - boxWidth / 2)}" y="${num(y - boxHeight / 2)}" width="${String(boxWidth)}" height="${String(boxHeight)}" rx="${kind === "account" ? "26" : "8"}"/><text class="title" x="${num(x)}" y="${num(y - 2)}">${escape(shorten(title, 25))}</text><text class="kind" x="${num(x)}" y="${num(y + 15)}">${kind === "account" ? "service account" : "service"}</text><title>${escape(id)}</title></g>`;
  });
  const legend = Object.values(tones).map(
    ({ colour, dash, title }, index) =>
      `<g transform="translate(${String(margin + index * 165)} ${num(height + 14)})"><line x1="0" x2="34" y1="0" y2="0" stroke="${colour}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/><text class="legend" x="42" y="4">${title}</text></g>`,
  );
  const note =
    left > 0
      ? `<text class="legend" x="${String(margin)}" y="14">${String(left)} more arrows are left out.</text>`
      : "";
  const heads = Object.entries(tones).map(
    ([tone, { colour }]) =>
      `<marker id="head-${tone}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="${colour}"/></marker>`,
  );
  const fullWidth = Math.max(width, margin * 2 + 4 * 165);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${num(fullWidth)} ${num(height + legendHeight)}" width="${num(fullWidth)}" height="${num(height + legendHeight)}" role="img" aria-label="Who may call whom"><style>${style}</style><defs>${heads.join("")}</defs><rect class="paper" width="100%" height="100%"/>${groups.join("")}${lines.join("")}${nodes.join("")}${legend.join("")}${note}</svg>\n`;
}

const style = `text{font:13px system-ui,sans-serif;fill:#1f2933}.paper{fill:#fff}.namespace{stroke:#cbd2d9;stroke-width:1}.tint0{fill:#f3f7fb}.tint1{fill:#f7f5fb}.tint2{fill:#f4faf5}.tint3{fill:#fdf8f0}.tint4{fill:#fbf4f5}.tint5{fill:#f2f9fa}.caption{font-size:12px;font-weight:600;fill:#616e7c}.account{fill:#fff;stroke:#52606d;stroke-width:1.5}.service{fill:#e8eef4;stroke:#52606d;stroke-width:1.5}.title{text-anchor:middle;font-weight:600}.kind{text-anchor:middle;font-size:11px;fill:#616e7c}.label{text-anchor:middle;font-size:11px;font-weight:600}.label-back{fill:#fff;fill-opacity:.9}.legend{font-size:12px;fill:#52606d}`;

/** A page around the picture: point at a box to see only its own arrows, and read every route below. */
export function accessHtml(relation: Access): string {
  const rows = relation.entries.flatMap((entry) => {
    const summary = summarize(entry.tree);
    const { title } = tones[toneOf(summary)];
    const routes = [
      ...summary.routes.map((route) => `<li class="pass">${escape(routeText(route))}</li>`),
      ...summary.forbidden.map((route) => `<li class="deny">403 ${escape(routeText(route))}</li>`),
    ];
    const callers = entry.callers.slice(0, 20).map(escape).join("<br>");
    return `<tr><td>${callers}</td><td>${escape(targetOf(entry))}</td><td class="${toneOf(summary)}">${title}</td><td><ul>${routes.join("")}</ul></td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Who may call whom</title><meta name="viewport" content="width=device-width">
<style>body{font:14px/1.45 system-ui,sans-serif;margin:24px;color:#1f2933;background:#fff}svg{max-width:100%;height:auto}table{border-collapse:collapse;margin-top:24px}td,th{border-bottom:1px solid #e4e7eb;padding:6px 14px;text-align:left;vertical-align:top}ul{margin:0;padding-left:18px;font-family:ui-monospace,monospace;font-size:12px}.all{color:#1a7f4b}.some{color:#2563b0}.unsettled{color:#b36b00}.none,.deny{color:#b3261e}svg.focus .arrow{opacity:.08}svg.focus .arrow.on{opacity:1}.box{cursor:pointer}</style></head>
<body><h1>Who may call whom</h1>
${accessSvg(relation)}<table><thead><tr><th>Caller</th><th>Service</th><th>Calls</th><th>Routes</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>
<script>for(const box of document.querySelectorAll(".box")){const show=on=>{const svg=box.closest("svg");svg.classList.toggle("focus",on);for(const arrow of svg.querySelectorAll(".arrow"))arrow.classList.toggle("on",on&&(arrow.dataset.from===box.dataset.id||arrow.dataset.to===box.dataset.id))};box.addEventListener("mouseenter",()=>show(true));box.addEventListener("mouseleave",()=>show(false))}</script>
</body></html>
`;
}

function model(relation: Access): {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly left: number;
} {
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  let left = 0;
  const addBox = (id: string, kind: Box["kind"], title: string, subtitle: string): void => {
    if (!boxes.has(id)) boxes.set(id, { id, kind, title, subtitle });
  };
  for (const entry of relation.entries) {
    const { service } = entry;
    const target = `service ${service.namespace}/${service.name}`;
    const summary = summarize(entry.tree);
    for (const caller of entry.callers) {
      if (arrows.length >= mostArrows) {
        left += 1;
        continue;
      }
      const [namespace = "", name = ""] = caller.split("/");
      addBox(`account ${caller}`, "account", name, namespace);
      addBox(target, "service", service.name, service.namespace);
      arrows.push({
        from: `account ${caller}`,
        to: target,
        label: labelOf(entry, summary),
        tone: toneOf(summary),
        hint: [`${caller} → ${targetOf(entry)}`, ...summary.routes.map(routeText)].join("\n"),
      });
    }
  }
  // Services of an account are drawn behind it, so that chains of calls read from left to right.
  return { boxes: [...boxes.values()], arrows, left };
}

function targetOf({ service }: AccessEntry): string {
  return `${fullName(service).replace(".svc.cluster.local", "")}:${String(service.port)}`;
}

function toneOf(summary: Summary): Tone {
  if (summary.extent === "none") return "none";
  return summary.unsettled ? "unsettled" : summary.extent;
}

function labelOf(entry: AccessEntry, summary: Summary): string {
  const port = `:${String(entry.service.port)}`;
  if (chainKind(entry.service.protocol) === "tcp") return `TCP ${port}`;
  if (summary.extent === "none") return `${port} ${summary.failures.join(", ")}`;
  const { routes } = summary;
  return routes.length === 0 ? port : `${port} ${String(routes.length)} ${routes.length === 1 ? "route" : "routes"}`;
}

/** A smooth line through the points. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const parts = [`M${num(first.x)} ${num(first.y)}`];
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (next === undefined) parts.push(`L${num(point.x)} ${num(point.y)}`);
    else parts.push(`Q${num(point.x)} ${num(point.y)} ${num((point.x + next.x) / 2)} ${num((point.y + next.y) / 2)}`);
  });
  return parts.join("");
}

function num(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
