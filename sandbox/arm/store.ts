import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

import { isObject, type Json, type JsonObject } from "./json";

/** Documents to write and keys to remove, all of them or none. */
export interface Change {
  readonly put?: Readonly<Record<string, JsonObject>>;
  readonly delete?: readonly string[];
}

/** Key → document, written through to disk before a commit returns. Keys are case-sensitive: lower-case them first. */
export interface Store {
  /** A copy of the document, or undefined. */
  get(key: string): JsonObject | undefined;
  /** Copies of all documents whose key starts with the prefix, in key order. */
  list(prefix: string): { key: string; value: JsonObject }[];
  /** Applies a change atomically. */
  commit(change: Change): void;
  close(): void;
}

/** Rewrites the journal once it is this much longer than the documents it describes. */
const COMPACT_AFTER_BYTES = 8 * 1024 * 1024;

/** Joins changes into one; later ones win. */
export function mergeChanges(...changes: readonly Change[]): Change {
  const put: Record<string, JsonObject> = {};
  const removed = new Set<string>();
  for (const change of changes) {
    for (const key of change.delete ?? []) {
      delete put[key];
      removed.add(key);
    }
    for (const [key, value] of Object.entries(change.put ?? {})) {
      put[key] = value;
      removed.delete(key);
    }
  }
  return { put, delete: [...removed] };
}

/**
 * Opens the store kept in one journal file: a line of JSON per committed change. A process killed at any moment leaves a whole
 * journal or one with a torn last line, which was never acknowledged and is dropped. Mode 0600.
 *
 * @throws Error where a line other than the last is damaged.
 */
export function openStore(file: string): Store {
  mkdirSync(dirname(file), { recursive: true });
  const documents = new Map<string, JsonObject>();
  for (const change of readJournal(file)) apply(documents, change);
  let descriptor = writeSnapshot(file, documents);
  let written = 0;

  return {
    get(key) {
      const found = documents.get(key);
      return found === undefined ? undefined : structuredClone(found);
    },
    list(prefix) {
      return [...documents.entries()]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => ({ key, value: structuredClone(value) }));
    },
    commit(change) {
      const line = `${JSON.stringify({ put: change.put ?? {}, delete: change.delete ?? [] })}\n`;
      // Through the file first: what a client was told must be on disk. Parsed back so that no caller keeps an alias.
      writeFileSync(descriptor, line);
      apply(documents, parseChange(line));
      written += line.length;
      if (written > COMPACT_AFTER_BYTES) {
        closeSync(descriptor);
        descriptor = writeSnapshot(file, documents);
        written = 0;
      }
    },
    close() {
      closeSync(descriptor);
    },
  };
}

interface ParsedChange {
  readonly put: JsonObject;
  readonly delete: readonly Json[];
}

function parseChange(line: string): ParsedChange {
  const value: Json = JSON.parse(line);
  if (!isObject(value) || !isObject(value["put"]) || !Array.isArray(value["delete"])) {
    throw new SyntaxError("not a change record");
  }
  return { put: value["put"], delete: value["delete"] };
}

function readJournal(file: string): ParsedChange[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  // A whole journal ends in a newline, so the last element is empty; otherwise it is a torn record.
  lines.pop();
  return lines.map((line, index) => {
    try {
      return parseChange(line);
    } catch (error) {
      throw new Error(`${file}, line ${index + 1}: damaged record. Reset the sandbox, or restore the file.`, {
        cause: error,
      });
    }
  });
}

function apply(documents: Map<string, JsonObject>, change: ParsedChange): void {
  for (const key of change.delete) if (typeof key === "string") documents.delete(key);
  for (const [key, value] of Object.entries(change.put)) if (isObject(value)) documents.set(key, value);
}

/** Writes all documents as one change to a new file, puts it in the journal's place and opens it for appending. */
function writeSnapshot(file: string, documents: ReadonlyMap<string, JsonObject>): number {
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, "w", 0o600);
  writeFileSync(descriptor, `${JSON.stringify({ put: Object.fromEntries(documents), delete: [] })}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(temporary, file);
  return openSync(file, "a", 0o600);
}
