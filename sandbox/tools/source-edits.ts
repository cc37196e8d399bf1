import path from "node:path";

/** Changes to a Go module's source, made in a copy of it before the build. */
export interface SourceEdits {
  /** Path of the module that is changed. */
  readonly module: string;
  /** Folders of the module that the build needs; the others are not copied. */
  readonly folders: readonly string[];
  readonly edits: readonly SourceEdit[];
  /** Of the Go files that lie in these folders themselves the copy has those named here alone. Default: all. */
  readonly onlyFiles?: Readonly<Record<string, readonly string[]>>;
  /** A folder of the tool's own module that becomes one of the copy, where it may use what is internal to that module. Default: none. */
  readonly added?: { readonly from: string; readonly to: string };
}

/** Whether a file of the module, by its path there, is not to be in the copy. */
export function isLeftOut(file: string, onlyFiles: SourceEdits["onlyFiles"] = {}): boolean {
  const kept = onlyFiles[path.dirname(file)];
  return kept !== undefined && file.endsWith(".go") && !kept.includes(path.basename(file));
}

/** One change: the text must occur exactly once. */
export interface SourceEdit {
  /** File inside the module. */
  readonly file: string;
  readonly find: string;
  /** Where what is replaced ends: before this text, at its first place after the one that was found. Default: with that. */
  readonly until?: string;
  readonly replace: string;
}

/**
 * The source with the edits made.
 * @throws when the text of an edit does not occur exactly once: the module is another version than the one the edits are for.
 */
export function applyEdits(source: string, edits: readonly SourceEdit[]): string {
  return edits.reduce((text, edit) => {
    const occurrences = text.split(edit.find).length - 1;
    if (occurrences !== 1) {
      throw new Error(
        `${edit.file}: expected ${JSON.stringify(edit.find)} exactly once, found it ${occurrences} times. ` +
          "The edits in sandbox/tools do not fit this version of the module.",
      );
    }
    const start = text.indexOf(edit.find);
    const found = start + edit.find.length;
    const end = edit.until === undefined ? found : text.indexOf(edit.until, found);
    if (end < 0)
      throw new Error(`${edit.file}: found no ${JSON.stringify(edit.until)} after ${JSON.stringify(edit.find)}.`);
    return text.slice(0, start) + edit.replace + text.slice(end);
  }, source);
}
