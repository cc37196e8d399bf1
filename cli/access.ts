import {
  type Access,
  type AccessEntry,
  addressOf,
  answeredText,
  conditionText,
  hostHeaders,
  type Mesh,
  type Outcome,
  type ServicePort,
  shareText,
  mayFail,
  summarize,
  type Summary,
} from "../mesh";
import { accessJson } from "./access-json";
import { loadMesh, sourceOptions } from "./load";
import { readOptions } from "./options";
import { pictureHtml } from "./picture/html";
import { accessPicture } from "./picture/model";
import { pictureSvg } from "./picture/svg";
import { writePicture } from "./picture/write";
import { type Paint, type Terminal } from "./terminal";
import { watchOption } from "./watch";

const options = {
  ...sourceOptions,
  ...watchOption,
  json: { type: "boolean" },
  svg: { type: "string" },
  html: { type: "string" },
} as const;

/** `aks-mesh access`: the matrix as a table, as JSON or as a picture. */
export async function accessCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  const mesh = await loadMesh(terminal, { ...values, files: positionals });
  const relation = mesh.access();
  if (values.svg !== undefined || values.html !== undefined) {
    const picture = accessPicture(mesh, relation);
    if (values.svg !== undefined) writePicture(terminal, values.svg, picture, pictureSvg);
    if (values.html !== undefined) writePicture(terminal, values.html, picture, pictureHtml);
  }
  if (values.json === true) terminal.out(`${JSON.stringify(accessJson(relation), null, 2)}\n`);
  else if (values.svg === undefined && values.html === undefined)
    terminal.out(accessTable(mesh, relation, terminal.paint));
  return 0;
}

/** Columns of a matrix that still fit a terminal; wider ones are left to the list below it. */
const mostColumns = 16;

function accessTable(mesh: Mesh, relation: Access, paint: Paint): string {
  const services = relation.services.filter(({ kind }) => kind !== undefined);
  const blocks: string[] = [];
  if (services.length > 0 && services.length <= mostColumns && relation.callers.length <= 60) {
    blocks.push(matrix(relation, [...new Set(services.map((service) => addressOf(service)))], paint));
  }
  if (mesh.everyone !== undefined) blocks.push(mesh.everyone);
  blocks.push(details(relation, paint));
  return `${blocks.join("\n\n")}\n`;
}

function matrix(relation: Access, columns: readonly string[], paint: Paint): string {
  const cells = new Map<string, Summary>();
  const certified = new Set<string>();
  for (const { callers, service, tree } of relation.entries) {
    const summary = summarize(tree, hostHeaders(service, callers));
    for (const caller of callers) {
      if (!relation.callers.includes(caller) && !relation.outsiders.includes(caller)) certified.add(caller);
      const key = `${caller}|${addressOf(service)}`;
      // Who may come in by TLS or in plain text takes the better way.
      const known = cells.get(key);
      if (known === undefined || known.extent === "none" || summary.extent === "all") cells.set(key, summary);
    }
  }
  const callers = [...relation.callers, ...relation.outsiders, ...certified];
  const titles = new Map(callers.map((caller) => [caller, callerTitle(relation, caller)]));
  const width = Math.max(...Array.from(titles.values(), ({ length }) => length), 6);
  const header = columns.map((column, index) => `${" ".repeat(width + 2)}${"│ ".repeat(index)}┌ ${shortName(column)}`);
  const cell = (caller: string, column: string): string => {
    const summary = cells.get(`${caller}|${column}`);
    return summary === undefined ? paint.dim("·") : symbolOf(summary, paint);
  };
  const rows = callers.map(
    (caller) =>
      `${(titles.get(caller) ?? caller).padEnd(width)}  ${columns.map((column) => cell(caller, column)).join(" ")}`,
  );
  const legend = `${paint.good("●")} all  ${paint.good("◐")} some requests  ${paint.warn("◌")} may fail  ${paint.bad("○")} always fails  ${paint.dim("·")} ${relation.otherwise ?? "never passes"}`;
  return [...header, ...rows, "", legend].join("\n");
}

function shortName(column: string): string {
  return column.replace(".svc.cluster.local", "");
}

function symbolOf(summary: Summary, paint: Paint): string {
  if (summary.extent === "none") return paint.bad("○");
  if (mayFail(summary)) return paint.warn("◌");
  return paint.good(summary.extent === "all" ? "●" : "◐");
}

/** Callers of one entry that are named; in permissive mode there may be thousands. */
const mostNamed = 4;

function details(relation: Access, paint: Paint): string {
  const both = foundOut(relation);
  const told = relation.entries.map(({ callers, service, tree }) => {
    const named = callers
      .slice(0, mostNamed)
      .map((caller) => callerTitle(relation, caller))
      .join(", ");
    const more = callers.length - mostNamed;
    const lines = entryLines({ callers, service, tree }, paint);
    return {
      who: more > 0 ? `${named} and ${String(more)} more` : named,
      service,
      lines,
      key: [...callers, addressOf(service), ...lines].join("\0"),
    };
  });
  const alike = new Map<string, number>();
  for (const { key } of told) alike.set(key, (alike.get(key) ?? 0) + 1);
  const lines = told.flatMap(({ who, service, lines: under, key }) => {
    const isFoundOut = both.has(addressOf(service));
    const isSame = isFoundOut && alike.get(key) === 2;
    // What comes of both is told once.
    if (isSame && service.kind === "tcp") return [];
    const as = isFoundOut && !isSame ? (service.kind === "tcp" ? ", bytes that are not HTTP" : ", what is HTTP") : "";
    const to = `${shortName(addressOf(service))}${wayText(service)}${as}`;
    return [`${paint.bold(who)} → ${paint.bold(to)}`, ...under.map((line) => `    ${line}`)];
  });
  return lines.length === 0 ? "Nobody may call anybody." : lines.join("\n");
}

/** Ports whose sidecars find out of each connection whether it is HTTP: the relation has them twice. */
function foundOut({ services, hosts }: Access): ReadonlySet<string> {
  const kinds = new Map<string, Set<string>>();
  for (const service of [...services, ...hosts]) {
    if (service.tls !== undefined || service.kind === undefined) continue;
    const known = kinds.get(addressOf(service));
    if (known === undefined) kinds.set(addressOf(service), new Set([service.kind]));
    else known.add(service.kind);
  }
  return new Set([...kinds].flatMap(([address, known]) => (known.size > 1 ? [address] : [])));
}

/** A caller, and whether it is more than a name in a policy. */
function callerTitle({ unseen }: Access, caller: string): string {
  return unseen.includes(caller) ? `${caller} (nothing runs as it)` : caller;
}

/** TLS that a caller speaks itself to a Service. Not said of hosts outside. */
function wayText({ service, tls }: ServicePort): string {
  if (service === "" || tls === undefined) return "";
  return tls.serverName === "" ? " by TLS" : ` by TLS to ${tls.serverName}`;
}

function entryLines(entry: AccessEntry, paint: Paint): readonly string[] {
  const summary = summarize(entry.tree, hostHeaders(entry.service, entry.callers));
  const lines: string[] = [];
  const shares = Object.entries(summary.shares);
  const byRequest = summary.answeredBy.map(answeredText);
  if (byRequest.length === 0 && (shares.length > 1 || summary.unsettled)) {
    for (const [backend, share] of shares) lines.push(`${shareText(share)} ${backend}`);
  }
  if (summary.extent === "all") lines.push(paint.good("everything passes"));
  lines.push(...byRequest);
  for (const route of summary.rules) lines.push(`${paint.good("pass")}  ${conditionText(route)}`);
  for (const route of summary.asked)
    lines.push(`${paint.warn("asked")} ${conditionText(route)}, first, of an authoriser outside of the mesh (CUSTOM)`);
  for (const route of summary.forbidden)
    lines.push(`${paint.bad(String(route.status ?? "closed"))}   ${conditionText(route)}`);
  const missing: Readonly<Record<string, string>> = {
    "no-route": "404   the rest",
    unavailable: "503",
    refused: "refused",
    denied: "403",
  };
  for (const outcome of summary.rest) {
    const tellsMore = summary.rules.length > 0 || outcome === "allowed";
    if (tellsMore && !summary.failures.includes(outcome)) lines.push(paint.dim(restTexts[outcome]));
  }
  for (const failure of summary.failures) {
    lines.push(paint.bad(`${missing[failure] ?? failure}${failingPart(summary)}`));
  }
  return lines;
}

/** What becomes of requests that no rule is met by. */
const restTexts: Readonly<Record<Outcome, string>> = {
  allowed: "pass  the rest",
  denied: "403   the rest",
  "no-route": "404   the rest",
  unavailable: "503   the rest",
  refused: "closed, the rest",
};

/** How much of what is sent fails, where some of it may and it is known how much. */
function failingPart({ unsettled, shares }: Summary): string {
  const known = Object.values(shares);
  if (!unsettled) return "";
  // Where something passes, and nobody is known who answers, it is not known how much.
  const isUnknown = known.length === 0 || known.includes(null);
  const passing = isUnknown ? null : known.reduce<number>((sum, share) => sum + (share ?? 0), 0);
  return passing === null || passing < 1 ? ` ${shareText(passing === null ? null : 1 - passing)} of the calls` : "";
}
