import { createHash } from "node:crypto";
import dagre from "@dagrejs/dagre";
import { arrowPaths, pixels } from "./arrow-paths";
import { shareText } from "./share-text";
import {
  type Access,
  type AccessEntry,
  addressOf,
  conditionText,
  isOutside,
  type Mesh,
  type ServicePort,
  hostHeaders,
  splitCaller,
  summarize,
  type Summary,
} from "../mesh";

interface Box {
  readonly id: string;
  readonly title: string;
  readonly namespace: string;
  /** An account with what it serves, a service whose pods run under several accounts, or what is outside of the mesh. */
  readonly kind: "account" | "service" | "outside";
  readonly services: Set<string>;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly tone: Tone;
  readonly hint: string;
}

/** `share`: the part of a split's calls that goes to a backend. */
type Tone = "all" | "some" | "unsettled" | "none" | "share";

/** Dashes say again what colours say, for readers who cannot tell the colours apart. */
const tones: Readonly<
  Record<Tone, { readonly light: string; readonly dark: string; readonly dash: string; readonly title: string }>
> = {
  all: { light: "#1a7f4b", dark: "#4cc38a", dash: "", title: "everything passes" },
  some: { light: "#2563b0", dark: "#79b0f5", dash: "", title: "some requests pass" },
  unsettled: { light: "#a35f00", dark: "#f0a84b", dash: "8 4", title: "may fail" },
  none: { light: "#b3261e", dark: "#ff8a80", dash: "2 4", title: "always fails" },
  share: { light: "#6b7280", dark: "#9ca3af", dash: "1 3", title: "part of a split" },
};

const boxWidth = 190;
const boxHeight = 58;
const margin = 24;

/** Most arrows that a picture still shows; of more a person sees nothing. */
const mostArrows = 2000;

/** Who calls whom as one SVG image: a box for each account with what it serves, so that chains of calls read from left to right. */
export function accessSvg(mesh: Mesh, relation: Access): string {
  const { boxes, arrows, left } = model(mesh, relation);
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
    return `<g class="box" tabindex="0" data-id="${escape(box.id)}"><title>${escape(hintOf(box))}</title><rect class="${box.kind} tint${String(tint)}" x="${pixels(x - boxWidth / 2)}" y="${pixels(y - boxHeight / 2)}" width="${String(boxWidth)}" height="${String(boxHeight)}" rx="${box.kind === "account" ? "10" : "28"}"/><text class="title" x="${pixels(x)}" y="${pixels(y - 3)}">${escape(shorten(box.title, 24))}</text><text class="kind" x="${pixels(x)}" y="${pixels(y + 16)}">${escape(second)}</text></g>`;
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

/** Fills of the boxes of a namespace, light and dark. */
const tints = [
  ["#e8f1fb", "#1c2f45"],
  ["#efeafa", "#2b2545"],
  ["#e6f5ea", "#1a3626"],
  ["#fcf1de", "#3d2f17"],
  ["#fae9ec", "#40232a"],
  ["#e2f4f6", "#153639"],
] as const;

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

function roleOf({ kind, title, services }: Box): string {
  if (kind === "outside") return services.size === 0 ? "callers outside of the mesh" : "host outside";
  if (kind === "service") return "service, several accounts";
  if (services.size === 0) return "caller";
  return services.size === 1 && services.has(title) ? "service" : [...services].join(", ");
}

function hintOf({ kind, namespace, title, services }: Box): string {
  if (kind === "outside")
    return services.size === 0 ? `Callers outside of the mesh: ${title}` : `Host outside: ${title}`;
  if (kind === "service") return `Service ${namespace}/${title}: its pods run under several accounts`;
  const serves = services.size === 0 ? "serves nothing" : `serves ${[...services].join(", ")}`;
  return `Service account ${namespace}/${title}, ${serves}`;
}

/** A page around the picture: point at a box to see only its own arrows, and read every route below. */
export function accessHtml(mesh: Mesh, relation: Access): string {
  const rows = relation.entries.map((entry) => {
    const summary = summarize(entry.tree, hostHeaders(entry.service));
    const tone = toneOf(summary);
    const shares = Object.entries(summary.shares);
    const routes = [
      ...(shares.length > 1 ? shares.map(([name, share]) => `<li>${shareText(share)} to ${escape(name)}</li>`) : []),
      ...summary.rules.map((route) => `<li class="pass">${escape(conditionText(route))}</li>`),
      ...summary.forbidden.map((route) => `<li class="deny">403 ${escape(conditionText(route))}</li>`),
    ];
    const callers = entry.callers
      .slice(0, 20)
      .map((caller) => escape(relation.unseen.includes(caller) ? `${caller} (nothing runs as it)` : caller))
      .join("<br>");
    return `<tr><td>${callers}</td><td>${escape(targetOf(entry))}</td><td class="${tone}">${tones[tone].title}</td><td><ul>${routes.join("")}</ul></td></tr>`;
  });
  const colours = (dark: boolean): string =>
    Object.entries(tones)
      .map(([tone, { light, dark: night }]) => `td.${tone}{color:${dark ? night : light}}`)
      .join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'"><title>Who may call whom</title><meta name="viewport" content="width=device-width">
<style>:root{color-scheme:light dark}body{font:14px/1.45 system-ui,sans-serif;margin:24px;color:#1f2933;background:#fff}svg{max-width:100%;height:auto}table{border-collapse:collapse;margin-top:24px}td,th{border-bottom:1px solid #8884;padding:6px 14px;text-align:left;vertical-align:top}ul{margin:0;padding-left:18px;font-family:ui-monospace,monospace;font-size:12px}li.deny{display:none}.denied li.deny{display:list-item}${colours(false)}.deny{color:#b3261e}svg g.none[data-from]{display:none}.denied svg g.none[data-from]{display:inline}svg.focus .arrow[data-from]{opacity:.08}svg.focus .arrow.on{opacity:1}.box{cursor:pointer}@media (prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181d}${colours(true)}.deny{color:#ff8a80}}</style></head>
<body><h1>Who may call whom</h1>
<p><label><input type="checkbox" id="denied"> Show also what is denied: calls that always fail, and routes of others (403)</label></p>
${accessSvg(mesh, relation)}<table><thead><tr><th>Caller</th><th>Service</th><th>Calls</th><th>Routes</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>
<script>${script}</script>
</body></html>
`;
}

/** The page's only script. It holds nothing of the policy, and the page lets no other run. */
const script = `for(const box of document.querySelectorAll(".box")){const svg=box.closest("svg");const show=on=>{svg.classList.toggle("focus",on);for(const arrow of svg.querySelectorAll(".arrow[data-from]"))arrow.classList.toggle("on",on&&(arrow.dataset.from===box.dataset.id||arrow.dataset.to===box.dataset.id))};for(const name of["mouseenter","focus"])box.addEventListener(name,()=>show(true));for(const name of["mouseleave","blur"])box.addEventListener(name,()=>show(false))}document.getElementById("denied").addEventListener("change",event=>document.body.classList.toggle("denied",event.target.checked))`;
const scriptHash = createHash("sha256").update(script).digest("base64");

function model(
  mesh: Mesh,
  relation: Access,
): {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly left: number;
} {
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  const splits = new Map<string, Arrow>();
  let left = 0;
  const boxOf = (kind: Box["kind"], namespace: string, title: string): Box => {
    const id = `${kind} ${namespace}/${title}`;
    let box = boxes.get(id);
    if (box === undefined) boxes.set(id, (box = { id, kind, title, namespace, services: new Set() }));
    return box;
  };
  const boxOfService = (service: ServicePort): Box => {
    const [only = "", ...others] = mesh.accountsBehind(service);
    const [namespace = "", account = ""] = only.split("/");
    const one = only !== "" && others.length === 0;
    const found = one
      ? boxOf("account", namespace, account)
      : boxOf(service.service === "" ? "outside" : "service", service.namespace, service.name);
    found.services.add(service.name);
    return found;
  };
  const backends = new Map(relation.services.map((one) => [`${one.namespace}/${one.name}`, one]));
  for (const entry of relation.entries) {
    const { service } = entry;
    const summary = summarize(entry.tree, hostHeaders(entry.service));
    for (const caller of entry.callers) {
      if (arrows.length >= mostArrows) {
        left += 1;
        continue;
      }
      const [namespace = "", name = ""] = isOutside(caller) ? ["", caller] : splitCaller(caller).who.split("/");
      const to = boxOfService(service);
      arrows.push({
        from: boxOf(isOutside(caller) ? "outside" : "account", namespace, name).id,
        to: to.id,
        label: to.title === service.name ? labelOf(entry, summary) : `${service.name} ${labelOf(entry, summary)}`,
        tone: toneOf(summary),
        hint: [
          `${caller}${relation.unseen.includes(caller) ? " (nothing runs as it)" : ""} → ${targetOf(entry)}`,
          ...summary.rules.map(conditionText),
        ].join("\n"),
      });
      const shares = Object.entries(summary.shares);
      for (const [backend, share] of shares.length > 1 ? shares : []) {
        const known = backends.get(backend);
        if (known === undefined) continue;
        const end = boxOfService(known);
        if (end.id === to.id) continue;
        const hint = `${shareText(share)} of the calls to ${service.name} go to ${backend}`;
        splits.set(`${to.id} ${end.id}`, { from: to.id, to: end.id, label: shareText(share), tone: "share", hint });
      }
    }
  }
  return { boxes: [...boxes.values()], arrows: [...arrows, ...splits.values()], left };
}

function targetOf({ service }: AccessEntry): string {
  const name = addressOf(service).replace(".svc.cluster.local", "");
  return service.tls === undefined || service.service === "" ? name : `${name} by TLS`;
}

function toneOf(summary: Summary): Tone {
  if (summary.extent === "none") return "none";
  return summary.unsettled ? "unsettled" : summary.extent;
}

function labelOf(entry: AccessEntry, summary: Summary): string {
  const port = `:${String(entry.service.port)}`;
  const { kind, tls } = entry.service;
  if (kind === "tcp") return `${tls === undefined ? "TCP" : "TLS"} ${port}`;
  if (summary.extent === "none") return `${port} ${summary.failures.join(", ")}`;
  const { length } = summary.rules;
  const way = tls === undefined ? port : `${port} by TLS`;
  return length === 0 ? way : `${way} ${String(length)} ${length === 1 ? "route" : "routes"}`;
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
