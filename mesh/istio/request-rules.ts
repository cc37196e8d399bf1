import { type Language, languageOf } from "../regex/language";
import { type Cover, type Piece } from "../regex/ends-cover";
import { plainPrefix } from "../regex/pattern";
import { fullMatch } from "../regex/pattern";
import { type RequestBox, type RequestCondition, requestMethods } from "../request/request-set";
import { type AuthorizationRule, type Condition, type Operation } from "./kinds";
import { anyHeaderValue, headerCover, type Near, nearHeaders, nearPaths, pathCover, valueOf } from "./path-cover";

/** Texts, by a pattern or as they were computed. */
export type Texts = { readonly source: string } | { readonly language: Language };

/** Requests whose method, path and headers each lie in a set. */
export interface RequestPart {
  /** Bits by index in {@link requestMethods}. */
  readonly methods: number;
  readonly path: Texts;
  readonly headers: ReadonlyMap<string, { readonly absent: boolean; readonly values: Texts }>;
}

/** What of requests an AuthorizationPolicy cannot say exactly, and what it could say instead. */
export interface Gap {
  readonly what: "path" | "header";
  /** Name of the header. */
  readonly header?: string;
  /** The pattern, where there is one. */
  readonly pattern?: string;
  /** In a sentence. */
  readonly reason: string;
  readonly narrower?: Near;
  readonly wider?: Near;
}

/** On which side of the exact set a policy may err, where somebody chose one. */
export type Side = "narrower" | "wider";

/** Who sends, and to where. */
export interface Envelope {
  readonly principals: readonly string[];
  /** The pods' ports. */
  readonly ports: readonly string[];
  /** Host headers; undefined for TCP. */
  readonly hosts?: readonly string[];
}

const allMethods = (1 << requestMethods.length) - 1;

/** A condition as a part; undefined for one that looks at more than method, path and ordinary headers. */
export function partOfCondition({ methods, path, headers, except }: RequestCondition): RequestPart | undefined {
  if (except !== undefined && except.length > 0) return undefined;
  const named = [...(headers ?? [])].map(([name, source]) => [name.toLowerCase(), source] as const);
  if (named.some(([name]) => name.startsWith(":") || name === "host")) return undefined;
  if (new Set(named.map(([name]) => name)).size < named.length) return undefined;
  return {
    methods: keep(knownBits, methods.join("\0"), () => bitsOf(methods)),
    path: { source: path },
    headers: new Map(named.map(([name, source]) => [name, { absent: false, values: { source } }])),
  };
}

const knownBits = new Map<string, number>();

/** Bits of the methods that meet any of these patterns. */
function bitsOf(methods: readonly string[]): number {
  let bits = 0;
  requestMethods.forEach((method, index) => {
    if (methods.some((pattern) => pattern === "*" || fullMatch(pattern, method))) bits |= 1 << index;
  });
  return bits;
}

/** A box of a set of requests as a part. */
export function partOfBox({ methods, path, headers }: RequestBox): RequestPart {
  return {
    methods,
    path: { language: path },
    headers: new Map(
      Array.from(headers, ([name, { absent, values }]) => [name, { absent, values: { language: values } }]),
    ),
  };
}

function languageOfTexts(texts: Texts): Language {
  return "language" in texts ? texts.language : languageOf(texts.source);
}

const coversBySource = new Map<string, Cover>();
const coversByLanguage = new WeakMap<Language, Cover>();
const coversByTexts = new WeakMap<Texts, Cover>();

/** Entries kept. */
const mostKept = 100_000;

function pathCoverOf(texts: Texts): Cover {
  if ("language" in texts) return remembered(coversByLanguage, texts.language, () => pathCover(texts.language));
  // Parts are asked about once for each of those who may send them.
  return remembered(coversByTexts, texts, () => coverOfSource(texts.source));
}

function remembered<K extends object, V>(known: WeakMap<K, V>, key: K, make: () => V): V {
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = make()));
  return found;
}

/** Stands for the plain beginning of a pattern. */
const placeholder = "/~beginning~";

/**
 * The cover of a pattern. What follows a plain beginning is covered once for all beginnings: all values of such a cover begin with
 * the beginning, and to put the same text before all texts changes nothing between them.
 */
function coverOfSource(source: string): Cover {
  const prefix = plainPrefix(source);
  const rest = source.slice(prefix.length);
  const beginning = prefix.endsWith("/") ? `${placeholder}/` : placeholder;
  if (prefix.startsWith("/") && prefix.length > 1 && !prefix.includes("//")) {
    const known = keep(coversBySource, `${beginning} ${rest}`, () => pathCover(languageOf(beginning + rest)));
    const moved = known.kind === "cover" ? withBeginning(known.pieces, beginning, prefix) : undefined;
    if (moved !== undefined) return { kind: "cover", pieces: moved };
  }
  return keep(coversBySource, `whole ${source}`, () => pathCover(languageOf(source)));
}

function keep<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  let found = known.get(key);
  if (found === undefined) {
    if (known.size >= mostKept) known.clear();
    known.set(key, (found = make()));
  }
  return found;
}

/** The pieces with another beginning; undefined where some value does not begin with it. */
function withBeginning(pieces: readonly Piece[], from: string, to: string): readonly Piece[] | undefined {
  const isMovable = ({ anyOf, noneOf, startsWith = [] }: Piece): boolean =>
    anyOf.length > 0 &&
    [...anyOf, ...noneOf].every(({ kind, text }) => kind !== "suffix" && text.startsWith(from)) &&
    startsWith.every((text) => text.startsWith(from));
  if (!pieces.every(isMovable)) return undefined;
  const move = (text: string): string => to + text.slice(from.length);
  return pieces.map(({ anyOf, noneOf, startsWith }) => ({
    anyOf: anyOf.map(({ kind, text }) => ({ kind, text: move(text) })),
    noneOf: noneOf.map(({ kind, text }) => ({ kind, text: move(text) })),
    ...(startsWith && { startsWith: startsWith.map(move) }),
  }));
}

const headerCovers = new Map<string, Cover>();
const headerCoversByLanguage = new WeakMap<Language, Cover>();

function headerCoverOf(texts: Texts): Cover {
  return "language" in texts
    ? remembered(headerCoversByLanguage, texts.language, () => headerCover(texts.language))
    : keep(headerCovers, texts.source, () => headerCover(languageOf(texts.source)));
}

/** The pieces of texts, or of what is chosen instead; undefined where neither can be said. */
function piecesOf(
  texts: Texts,
  where: Pick<Gap, "what" | "header">,
  side: Side | undefined,
  gaps: Gap[],
): readonly Piece[] | undefined {
  const cover = where.what === "path" ? pathCoverOf(texts) : headerCoverOf(texts);
  if (cover.kind === "cover") return cover.pieces;
  const near = (where.what === "path" ? nearPaths : nearHeaders)(languageOfTexts(texts));
  const { source: pattern } = "source" in texts ? texts : { source: undefined };
  gaps.push({ ...where, ...(pattern !== undefined && { pattern }), reason: cover.reason, ...near });
  return side === undefined ? undefined : near[side]?.pieces;
}

/**
 * Rules of an AuthorizationPolicy that let through what lies in any part, and nothing else.
 *
 * @param parts undefined for all of TCP.
 * @param gaps gets what cannot be said; of it there is no rule but where a side was chosen.
 */
export function rulesFor(
  envelope: Envelope,
  parts: readonly RequestPart[] | undefined,
  gaps: Gap[],
  side?: Side,
): readonly AuthorizationRule[] {
  const from = [{ source: { principals: envelope.principals } }];
  if (parts === undefined) return [{ from, to: [{ operation: { ports: envelope.ports } }] }];
  const found = new Map<string, { readonly when: readonly Condition[]; readonly operations: Operation[] }>();
  const add = (when: readonly Condition[], operation: Operation): void => {
    const key = when.length === 0 ? "" : JSON.stringify(when);
    const known = found.get(key);
    if (known === undefined) found.set(key, { when, operations: [operation] });
    else joinOperation(known.operations, operation);
  };
  for (const part of parts) {
    if (part.methods === 0) continue;
    const paths = piecesOf(part.path, { what: "path" }, side, gaps);
    const headers = headerConditions(part, side, gaps);
    if (paths === undefined || headers === undefined) continue;
    for (const path of paths) {
      for (const conditions of headers) {
        const when = path.startsWith === undefined ? [] : [beginsWith(path.startsWith)];
        add([...when, ...conditions], operationOf(envelope, part.methods, path));
      }
    }
  }
  return Array.from(found.values(), ({ when, operations }) => ({
    from,
    to: operations.map((operation) => ({ operation })),
    ...(when.length > 0 && { when }),
  }));
}

/** Field by field: there is one for every route and service, and spreading would give each a hidden class of its own (Node 20). */
function operationOf({ hosts, ports }: Envelope, bits: number, { anyOf, noneOf }: Piece): Operation {
  const { methods, notMethods } = methodsOf(bits);
  const operation: { -readonly [Field in keyof Operation]: Operation[Field] } =
    hosts === undefined ? { ports } : { hosts, ports };
  if (methods !== undefined) operation.methods = methods;
  if (notMethods !== undefined) operation.notMethods = notMethods;
  if (anyOf.length > 0) operation.paths = anyOf.map(valueOf);
  if (noneOf.length > 0) operation.notPaths = noneOf.map(valueOf);
  return operation;
}

/**
 * A condition on how the path begins. It looks at the path with its query, in which no beginning without a question mark can end:
 * so prefixes, and nothing else, mean the same there.
 */
function beginsWith(texts: readonly string[]): Condition {
  return { key: "request.headers[:path]", values: texts.map((text) => `${text}*`) };
}

const knownMethods = new Map<number, Pick<Operation, "methods" | "notMethods">>();

function methodsOf(bits: number): Pick<Operation, "methods" | "notMethods"> {
  return keep(knownMethods, bits, () => computeMethods(bits));
}

function computeMethods(bits: number): Pick<Operation, "methods" | "notMethods"> {
  if (bits === allMethods) return {};
  const isIn = (_: string, index: number): boolean => (bits & (1 << index)) !== 0;
  const last = requestMethods.length - 1;
  // The last one stands for all methods without a name of their own.
  if ((bits & (1 << last)) === 0) return { methods: requestMethods.filter(isIn) };
  return { notMethods: requestMethods.filter((method, index) => !isIn(method, index)) };
}

/** Operations of one envelope that differ in their paths alone become one. */
function joinOperation(operations: Operation[], next: Operation): void {
  const { paths } = next;
  const at = operations.findIndex((one) => one.paths !== undefined && isSameButPaths(one, next));
  const known = operations[at];
  if (paths === undefined || next.notPaths !== undefined || known?.paths === undefined) {
    if (!operations.some((one) => isSameButPaths(one, next) && isSameList(one.paths, paths))) operations.push(next);
  } else operations[at] = { ...known, paths: [...new Set([...known.paths, ...paths])] };
}

/** Hosts and ports are those of the envelope. */
function isSameButPaths(a: Operation, b: Operation): boolean {
  return (
    isSameList(a.methods, b.methods) && isSameList(a.notMethods, b.notMethods) && isSameList(a.notPaths, b.notPaths)
  );
}

function isSameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === b) return true;
  return a?.length === b?.length && a?.every((one, index) => one === b?.[index]) === true;
}

const anyValue = languageOf(anyHeaderValue);

const noConditions: readonly (readonly Condition[])[] = [[]];

/** Lists of conditions of which each is a way to have the headers that a part wants; undefined where one cannot be said. */
function headerConditions(
  { headers }: RequestPart,
  side: Side | undefined,
  gaps: Gap[],
): readonly (readonly Condition[])[] | undefined {
  let ways: readonly (readonly Condition[])[] = noConditions;
  if (headers.size === 0) return ways;
  for (const [name, { absent, values }] of [...headers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = `request.headers[${name}]`;
    if (absent && "language" in values && isAll(values.language)) continue;
    const missing: readonly (readonly Condition[])[] = absent ? [[{ key, notValues: ["*"] }]] : [];
    const isNone = "language" in values && values.language.isEmpty;
    const pieces = isNone ? [] : piecesOf(values, { what: "header", header: name }, side, gaps);
    if (pieces === undefined) {
      if (!absent) return undefined;
      ways = product(ways, missing);
      continue;
    }
    ways = product(ways, [...missing, ...pieces.map((piece) => conditionsOf(key, piece))]);
  }
  return ways;
}

function isAll(language: Language): boolean {
  const cover = headerCoverOf({ language });
  const [only] = cover.kind === "cover" ? cover.pieces : [];
  return (
    language === anyValue ||
    (only !== undefined && only.anyOf.length === 0 && only.noneOf.length === 0 && only.startsWith === undefined)
  );
}

function conditionsOf(key: string, { anyOf, noneOf, startsWith }: Piece): readonly Condition[] {
  // A header that is not there has none of the values that it must not have either.
  const values = anyOf.length > 0 ? anyOf.map(valueOf) : startsWith === undefined ? ["*"] : undefined;
  return [
    ...(startsWith === undefined ? [] : [{ key, values: startsWith.map((text) => `${text}*`) }]),
    ...(values === undefined && noneOf.length === 0
      ? []
      : [{ key, ...(values && { values }), ...(noneOf.length > 0 && { notValues: noneOf.map(valueOf) }) }]),
  ];
}

function product<T>(a: readonly (readonly T[])[], b: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return a.flatMap((one) => b.map((other) => [...one, ...other]));
}
