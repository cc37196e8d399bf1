/** Changes to a Go module's source, made in a copy of it before the build. */
export interface SourceEdits {
  /** Path of the module that is changed. */
  readonly module: string;
  /** Folders of the module that the build needs; the others are not copied. */
  readonly folders: readonly string[];
  readonly edits: readonly SourceEdit[];
  /** A folder of the tool's own module that becomes one of the copy, where it may use what is internal to that module. Default: none. */
  readonly added?: { readonly from: string; readonly to: string };
}

/** One change: the text must occur exactly once. */
export interface SourceEdit {
  /** File inside the module. */
  readonly file: string;
  readonly find: string;
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
    return text.replace(edit.find, () => edit.replace);
  }, source);
}
