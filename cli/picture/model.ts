import {
  type Access,
  type AccessEntry,
  addressOf,
  answeredText,
  conditionText,
  hostHeaders,
  isOutside,
  type Mesh,
  type ServicePort,
  shareText,
  splitCaller,
  mayFail,
  summarize,
  type Summary,
} from "../../mesh";
import { type PageBox, type PageCall, type PageData, type PageGroup, type Tone } from "./page-data";
import { entriesWithoutSidecar } from "./without-sidecar";

/** Boxes and calls while they are collected; each is there once. */
export class PictureModel {
  private readonly groups = new Places<PageGroup>();
  private readonly boxes = new Places<{ readonly box: PageBox; readonly serves: Set<string> }>();
  private readonly routeLists = new Places<readonly string[]>();
  private readonly calls = new Places<{ readonly call: Omit<PageCall, "callers">; readonly callers: Set<number> }>();
  private readonly noted = new Map<number, string>();

  constructor() {
    this.routeLists.at("[]", () => []);
  }

  /** The place of a box, which is made where there is none yet. */
  box(kind: PageBox["kind"], namespace: string, title: string): number {
    const group: PageGroup =
      kind === "caller"
        ? { kind: "callers", title: "Outside of the mesh" }
        : kind === "host"
          ? { kind: "hosts", title: "Hosts outside" }
          : { kind: "namespace", title: namespace };
    const place = this.groups.at(`${group.kind} ${group.title}`, () => group);
    return this.boxes.at(`${kind} ${namespace}/${title}`, () => ({
      box: { group: place, title, kind, serves: [] },
      serves: new Set(),
    }));
  }

  /** The box of whoever calls under this name, and the name in the certificate that it shows. */
  callerBox(caller: string, withoutSidecar: ReadonlySet<string> = new Set()): number {
    if (isOutside(caller)) return this.box("caller", "", outsideTitle(caller));
    const { who } = splitCaller(caller);
    const [namespace = "", name = ""] = who.split("/");
    return this.box(withoutSidecar.has(who) ? "no-sidecar" : "account", namespace, name);
  }

  /** The box that a port of a service leads to: that of the one account behind it, or one of its own. */
  serviceBox(mesh: Mesh, service: ServicePort): number {
    if (service.service === "") return this.box("host", "", service.name);
    const [only = "", ...others] = mesh.accountsBehind(service);
    const [namespace = "", account = ""] = only.split("/");
    const place =
      only !== "" && others.length === 0
        ? this.box("account", namespace, account)
        : this.box("service", service.namespace, service.name);
    this.boxes.get(place)?.serves.add(service.name);
    return place;
  }

  /** Says something of a box. */
  note(box: number, text: string): void {
    this.noted.set(box, text);
  }

  /** The place of a list of routes; undefined for an empty one. */
  routes(list: readonly string[]): number | undefined {
    return list.length === 0 ? undefined : this.routeLists.at(JSON.stringify(list), () => list);
  }

  /** Adds calls of these boxes. Those that differ in nothing but their callers are one. */
  call(callers: readonly number[], call: Omit<PageCall, "callers">): void {
    const place = this.calls.at(JSON.stringify(call), () => ({ call, callers: new Set() }));
    for (const caller of callers) this.calls.get(place)?.callers.add(caller);
  }

  /** What tells each box from all others, in the order of their places. */
  keys(): readonly string[] {
    return this.boxes.keys();
  }

  /**
   * What was collected.
   *
   * @param onlyOf which side alone has a box. Default: both have all.
   */
  data(
    kind: PageData["kind"],
    { notes = [], remarks = [] }: Partial<Pick<PageData, "notes" | "remarks">>,
    onlyOf: (box: number) => PageBox["only"] = () => undefined,
  ): PageData {
    const callerSets = new Places<readonly number[]>();
    const calls = this.calls.all.map(({ call, callers }) => {
      const sorted = [...callers].sort((a, b) => a - b);
      return { callers: callerSets.at(sorted.join(" "), () => sorted), ...call };
    });
    return {
      kind,
      notes,
      remarks,
      groups: this.groups.all,
      boxes: this.boxes.all.map(({ box, serves }, place) => {
        const note = this.noted.get(place);
        const only = onlyOf(place);
        return { ...box, serves: [...serves].sort(), ...(note !== undefined && { note }), ...(only && { only }) };
      }),
      calls,
      callerSets: callerSets.all,
      routeLists: this.routeLists.all,
    };
  }
}

/** Values by a key, each with the place that it was given when it came first. */
class Places<T> {
  private readonly places = new Map<string, number>();
  readonly all: T[] = [];

  at(key: string, make: () => T): number {
    const known = this.places.get(key);
    if (known !== undefined) return known;
    this.places.set(key, this.all.length);
    return this.all.push(make()) - 1;
  }

  get(place: number): T | undefined {
    return this.all[place];
  }

  keys(): readonly string[] {
    return [...this.places.keys()];
  }
}

/** A caller that calls of the relation are not drawn for, as something else is. */
type Skipped = (caller: string, service: ServicePort) => boolean;

/**
 * Adds everybody whom a relation knows, those who may do nothing included, and what passes between them.
 *
 * @param skipped calls that are told otherwise. Default: none.
 */
export function addRelation(model: PictureModel, mesh: Mesh, relation: Access, skipped: Skipped = () => false): void {
  const { accounts, entries } = entriesWithoutSidecar(mesh, relation);
  for (const service of relation.services) model.serviceBox(mesh, service);
  for (const caller of relation.outsiders) model.callerBox(caller);
  for (const caller of relation.callers) {
    const box = model.callerBox(caller);
    if (relation.unseen.includes(caller)) model.note(box, "nothing runs as it");
  }
  for (const caller of accounts) model.callerBox(caller, accounts);
  const backends = new Map(relation.services.map((one) => [`${one.namespace}/${one.name}`, one]));
  for (const entry of [...relation.entries, ...entries]) {
    const { service } = entry;
    const to = model.serviceBox(mesh, service);
    const told = entry.callers.filter((caller) => !skipped(caller, service));
    if (told.length === 0) continue;
    const summary = summarize(entry.tree, hostHeaders(service, entry.callers));
    for (const [shown, callers] of byCertificate(told)) {
      const boxes = callers.map((caller) => model.callerBox(caller, accounts));
      const shares = Object.entries(summary.shares);
      const passes = model.routes([
        ...(summary.answeredBy.length > 0
          ? summary.answeredBy.map(answeredText)
          : shares.length > 1
            ? shares.map(([name, share]) => `${shareText(share)} to ${name}`)
            : []),
        ...summary.rules.map(conditionText),
        ...summary.asked.map((rule) => `${conditionText(rule)} if an authoriser outside lets it`),
      ]);
      const denied = model.routes(summary.forbidden.map(conditionText));
      model.call(boxes, {
        to,
        address: targetOf(service) + (shown === "" ? "" : `, as ${shown}`),
        label: labelOf(entry, summary),
        tone: toneOf(summary),
        ...(passes !== undefined && { passes }),
        ...(denied !== undefined && { denied }),
      });
      for (const [backend, share] of shares.length > 1 ? shares : []) {
        const known = backends.get(backend);
        const end = known === undefined ? to : model.serviceBox(mesh, known);
        if (end === to) continue;
        const text = model.routes([`${shareText(share)} of the calls to ${service.name}`]);
        model.call([to], {
          to: end,
          address: backend,
          label: shareText(share),
          tone: "share",
          ...(text !== undefined && { passes: text }),
        });
      }
    }
  }
}

/** Callers by the name in the certificate that they show, empty for none; those outside have boxes of their own for each. */
function byCertificate(callers: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const caller of callers) {
    const shown = isOutside(caller) ? "" : (splitCaller(caller).principal ?? "");
    const known = groups.get(shown);
    if (known === undefined) groups.set(shown, [caller]);
    else known.push(caller);
  }
  return groups;
}

/** Somebody outside in words: by address, and by the certificate shown. */
function outsideTitle(caller: string): string {
  const { who, principal } = splitCaller(caller);
  const place = who.slice("outside:".length);
  const title = place === "" ? "any address" : place;
  return principal === undefined ? title : `${title}, as ${principal}`;
}

/** What is called: name and port, and how. */
export function targetOf(service: ServicePort): string {
  const name = addressOf(service).replace(".svc.cluster.local", "");
  const { tls } = service;
  if (tls === undefined || service.service === "") return name;
  return tls.serverName === "" ? `${name} by TLS` : `${name} by TLS to ${tls.serverName}`;
}

function toneOf(summary: Summary): Tone {
  if (summary.extent === "none") return "none";
  return mayFail(summary) ? "unsettled" : summary.extent;
}

function labelOf({ service }: AccessEntry, summary: Summary): string {
  const port = `:${String(service.port)}`;
  const { kind, tls } = service;
  if (kind === "tcp") return `${tls === undefined ? "TCP" : "TLS"} ${port}`;
  if (summary.extent === "none") return `${port} ${summary.failures.join(", ")}`;
  const { length } = summary.rules;
  const way = tls === undefined ? port : `${port} by TLS`;
  return length === 0 ? way : `${way} ${String(length)} ${length === 1 ? "route" : "routes"}`;
}

/** The picture of one mesh. */
export function accessPicture(mesh: Mesh, relation: Access): PageData {
  const model = new PictureModel();
  addRelation(model, mesh, relation);
  const { everyone } = mesh;
  return model.data("access", {
    notes: [`What is not shown ${relation.otherwise === "refused" ? "is refused" : "fails"}.`],
    remarks: everyone === undefined ? [] : [everyone],
  });
}
