import {
  type Document,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type YAMLError,
  isCollection,
  visit,
} from "yaml";
import { jsonStream } from "./json-stream";
import { isJsonObject, type JsonObject, type KubernetesObject } from "./object";
import { formatPath, type Position, type Problem, type ValuePath } from "./position";
import { clusterScopeAmong, isClusterScoped } from "./scope";
import { kubectlYaml } from "./yaml-dialect";

/** A manifest file's name, as messages shall call it, and its text. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
  /**
   * Whether nobody named the file: it was found in a folder. What is no object in it is then passed over and said, as the values
   * of a chart, a kustomization or a package.json are. Default: false.
   */
  readonly found?: boolean;
}

/** How {@link parseManifests} reads. */
export interface ParseOptions {
  /** Namespace of objects that name none, as with `kubectl --namespace`. Default: `default`, and the result's notes say so. */
  readonly namespace?: string;
}

/** Finds the place of an object, or of a value inside it. */
export interface Positions {
  of(object: KubernetesObject, path?: ValuePath): Position | undefined;
}

/** What {@link parseManifests} read. */
export interface Manifests {
  readonly objects: readonly KubernetesObject[];
  readonly positions: Positions;
  readonly problems: readonly Problem[];
  /** What was passed over or assumed while reading, in sentences. */
  readonly notes: readonly string[];
}

/** Positions of objects that came from no file. */
export const nowhere: Positions = { of: () => undefined };

/** One alias may stand for this many nodes, so that a "billion laughs" file is an error, not a hang. */
const maxAliasCount = 1000;

/** Where kubectl puts an object that names no namespace. */
const assumedNamespace = "default";

interface Origin {
  readonly file: string;
  readonly found: boolean;
  readonly part: DocumentText;
  /** Which document of the part. */
  readonly index: number;
  readonly path: ValuePath;
}

/**
 * Reads YAML or JSON manifests: several documents a file, `List` objects, output of kustomize and Helm. Never throws on
 * bad input: what cannot be read becomes a problem with its place, and the rest is still read.
 */
export function parseManifests(files: readonly ManifestFile[], { namespace }: ParseOptions = {}): Manifests {
  const objects: KubernetesObject[] = [];
  const problems: Problem[] = [];
  const passedOver = new Set<string>();
  /** Those whose namespace nobody named. */
  const assumed = new Set<KubernetesObject>();
  const origins = new Map<KubernetesObject, Origin>();

  for (const { name: file, text, found = false } of files) {
    for (const part of splitDocuments(text)) {
      const stream = jsonStream(part.text) ?? [part];
      const plain = stream.map((one) => readJson(one.text));
      if (plain.every((value) => value !== undefined)) {
        stream.forEach((one, index) => {
          const place = { text: one.text, line: part.line + (one === part ? 0 : one.line) };
          collect(plain[index], { file, found, part: place, index: 0, path: [] });
        });
        continue;
      }
      if (found && isTemplate(part.text)) {
        passedOver.add(file);
        continue;
      }
      const lineCounter = new LineCounter();
      const locate = locator(lineCounter, file, part);
      readDocuments(part.text, lineCounter, file, part.line, problems).forEach((document, index) => {
        if (isTemplate(part.text) && (document.errors.length > 0 || hasCollectionAsKey(document))) {
          const position = locate(Math.max(part.text.indexOf("{{"), 0));
          problems.push({ severity: "error", message: templateMessage, position });
          return;
        }
        if (reportSyntax(document.errors, locate, problems)) return;
        const value = plainValue(document, locate, problems);
        if (value !== undefined && value !== null) collect(value, { file, found, part, index, path: [] });
      });
    }
  }
  takeBackNamespaces();
  const positionOf = positionFinder();
  return {
    objects,
    problems,
    positions: { of: (object, path = []) => positionOf(origins.get(object), path) },
    notes: readingNotes(passedOver, namespace === undefined ? assumed.size : 0),
  };

  /** A CustomResourceDefinition may come after objects of its kind, and say that they have no namespace. */
  function takeBackNamespaces(): void {
    const hasNoNamespace = clusterScopeAmong(objects);
    objects.forEach((object, index) => {
      if (!assumed.has(object) || !hasNoNamespace(object)) return;
      const metadata: { name: string; namespace?: string } = { ...object.metadata };
      delete metadata.namespace;
      const changed = { ...object, metadata };
      objects[index] = changed;
      assumed.delete(object);
      const origin = origins.get(object);
      if (origin !== undefined) origins.set(changed, origin);
    });
  }

  function collect(value: unknown, origin: Origin): void {
    const report = (message: string, at: ValuePath = []): void => {
      const position = positionFinder()(origin, at);
      problems.push({
        severity: "error",
        message,
        ...(at.length > 0 && { property: formatPath(at) }),
        ...(position && { position }),
      });
    };
    if (origin.found && !claimsToBeObject(value)) {
      passedOver.add(origin.file);
      return;
    }
    if (!isJsonObject(value)) {
      report("A Kubernetes object was expected here, with apiVersion, kind and metadata.");
      return;
    }
    const { kind, apiVersion } = value;
    const { items } = value;
    if (typeof kind === "string" && kind.endsWith("List") && (Array.isArray(items) || items === null)) {
      (items ?? []).forEach((item, index) => {
        collect(asListed(item, kind, apiVersion), { ...origin, path: [...origin.path, "items", index] });
      });
      return;
    }
    if (typeof kind !== "string" || kind === "") return report("The object has no kind.", ["kind"]);
    if (typeof apiVersion !== "string" || apiVersion === "") {
      return report(`The ${kind} has no apiVersion.`, ["apiVersion"]);
    }
    const object = withMetadata(value, kind, apiVersion, namespace);
    if (typeof object === "string") return report(object, ["metadata"]);
    if (object.metadata.namespace !== undefined && !namesNamespace(value)) assumed.add(object);
    objects.push(object);
    origins.set(object, origin);
  }
}

interface DocumentText {
  readonly text: string;
  /** Lines before it. */
  readonly line: number;
}

/** Cuts a file at its `---` lines: documents are then read one by one, which keeps the parser's memory small. */
function splitDocuments(text: string): DocumentText[] {
  const parts: DocumentText[] = [];
  let start = 0;
  let line = 0;
  let startLine = 0;
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\n", at);
    const end = next < 0 ? text.length : next + 1;
    line += 1;
    if (text.startsWith("---", end) && /^---\s*(#.*)?$/.test(firstLine(text, end))) {
      parts.push({ text: text.slice(start, end), line: startLine });
      start = end;
      startLine = line;
    }
    at = end;
  }
  parts.push({ text: text.slice(start), line: startLine });
  return parts;
}

function firstLine(text: string, from: number): string {
  const end = text.indexOf("\n", from);
  return text.slice(from, end < 0 ? undefined : end).replace(/\r$/, "");
}

function readDocuments(
  text: string,
  lineCounter: LineCounter,
  file: string,
  line: number,
  problems: Problem[],
): readonly Document[] {
  try {
    const documents = parseAllDocuments(text, { ...kubectlYaml, lineCounter, prettyErrors: false, strict: true });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    // The parser recurses, so that a file of some ten thousand nested brackets exhausts the stack.
    const reason = error instanceof RangeError ? "it is nested too deeply" : String(error);
    problems.push({
      severity: "error",
      message: `The document cannot be read: ${reason}.`,
      position: { file, line: line + 1, column: 1 },
    });
    return [];
  }
}

function reportSyntax(
  errors: readonly YAMLError[],
  locate: (offset: number) => Position,
  problems: Problem[],
): boolean {
  const [first] = errors;
  if (first === undefined) return false;
  problems.push({ severity: "error", message: `Not valid YAML: ${first.message}`, position: locate(first.pos[0]) });
  return true;
}

function plainValue(document: Document, locate: (offset: number) => Position, problems: Problem[]): unknown {
  try {
    return document.toJS({ maxAliasCount }) as unknown;
  } catch (error) {
    const reason =
      error instanceof RangeError
        ? "it is nested too deeply"
        : error instanceof ReferenceError
          ? "its aliases expand to too much"
          : String(error);
    problems.push({ severity: "error", message: `The document cannot be read: ${reason}.`, position: locate(0) });
    return undefined;
  }
}

/** Whether a document means to be a Kubernetes object; a kustomization is for another reader. */
function claimsToBeObject(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { kind, apiVersion } = value;
  if (kind === undefined || (apiVersion === undefined && !isJsonObject(value["metadata"]))) return false;
  return !(typeof apiVersion === "string" && apiVersion.startsWith("kustomize.config.k8s.io/"));
}

/** An item of a list: in one of the API server's own, such as a ServiceList, items say neither kind nor version. */
function asListed(item: unknown, listKind: string, apiVersion: unknown): unknown {
  if (listKind === "List" || !isJsonObject(item) || item["kind"] !== undefined || item["apiVersion"] !== undefined) {
    return item;
  }
  return { ...item, kind: listKind.slice(0, -"List".length), apiVersion };
}

const templateMessage =
  "This is a template, as Helm has them, and no manifest yet: render it first, with `helm template`, and give what comes out.";

/** Whether a document has a map or a list as a key, which is how YAML reads the braces of a template. */
function hasCollectionAsKey(document: Document): boolean {
  let found = false;
  visit(document, {
    Pair: (_, { key }) => {
      found ||= isCollection(key);
      return found ? visit.BREAK : undefined;
    },
  });
  return found;
}

/** Whether a text is a template of Helm's, which becomes YAML only when it is rendered. */
function isTemplate(text: string): boolean {
  return /\{\{-?\s*[\w.$"/(]/.test(text);
}

function namesNamespace(value: JsonObject): boolean {
  const { metadata } = value;
  return isJsonObject(metadata) && typeof metadata["namespace"] === "string" && metadata["namespace"] !== "";
}

function readingNotes(passedOver: ReadonlySet<string>, unplaced: number): readonly string[] {
  const notes: string[] = [];
  if (passedOver.size > 0) {
    notes.push(
      `Passed over, because they hold no Kubernetes objects: ${[...passedOver].sort().join(", ")}. Render charts with \`helm template\` and overlays with \`kubectl kustomize\` first.`,
    );
  }
  if (unplaced > 0) {
    const [subject, verb] = unplaced === 1 ? ["1 object", "names"] : [`${String(unplaced)} objects`, "name"];
    notes.push(`${subject} ${verb} no namespace: "${assumedNamespace}" was assumed; --namespace NAME says another.`);
  }
  return notes;
}

function withMetadata(
  value: JsonObject,
  kind: string,
  apiVersion: string,
  assumed: string = assumedNamespace,
): KubernetesObject | string {
  const metadata = value["metadata"];
  if (!isJsonObject(metadata)) return `The ${kind} has no metadata.`;
  const { namespace, generateName } = metadata;
  let { name } = metadata;
  if ((name === undefined || name === "") && typeof generateName === "string" && generateName !== "") {
    // The API server appends five characters that nobody knows beforehand.
    name = `${generateName}*`;
  }
  if (typeof name !== "string" || name === "") return `The ${kind} has no metadata.name, or it is not a string.`;
  if (namespace !== undefined && namespace !== null && typeof namespace !== "string") {
    return `The namespace of ${kind} ${name} is not a string: put quotes around it.`;
  }
  const filled = namespace === undefined || namespace === null || namespace === "" ? undefined : namespace;
  const scope = isClusterScoped(apiVersion, kind) ? {} : { namespace: filled ?? assumed };
  return { ...value, apiVersion, kind, metadata: { ...metadata, name, ...scope } };
}

/** A part that is JSON, much faster to read so. */
function readJson(text: string): unknown {
  if (!/^\s*(---\s*)?\{/.test(text)) return undefined;
  try {
    return JSON.parse(text.replace(/^\s*---/, "")) as unknown;
  } catch {
    // Not JSON: YAML's flow style looks alike, and the YAML parser says what is wrong with it.
    return undefined;
  }
}

function locator(lineCounter: LineCounter, file: string, part: DocumentText): (offset: number) => Position {
  return (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line: Math.max(line, 1) + part.line, column: Math.max(col, 1) };
  };
}

/**
 * Finds places of values, or of the nearest values above them that the document has. Documents are parsed again for that:
 * few are asked about, and keeping all of them would take a hundred times the memory of the files.
 */
function positionFinder(): (origin: Origin | undefined, path: ValuePath) => Position | undefined {
  let last:
    { readonly part: DocumentText; readonly documents: readonly Document[]; readonly lines: LineCounter } | undefined;
  return (origin, path) => {
    if (origin === undefined) return undefined;
    const { part, file } = origin;
    if (last?.part !== part) {
      const lines = new LineCounter();
      last = { part, lines, documents: readDocuments(part.text, lines, file, part.line, []) };
    }
    let node: unknown = last.documents[origin.index]?.contents;
    let offset = offsetOf(node) ?? 0;
    for (const step of [...origin.path, ...path]) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isNode(key) && String(key) === String(step));
        if (pair === undefined) break;
        node = pair.value;
        offset = offsetOf(pair.value) ?? offsetOf(pair.key) ?? offset;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        const found = offsetOf(node);
        if (found === undefined) break;
        offset = found;
      } else break;
    }
    return locator(last.lines, file, part)(offset);
  };
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
