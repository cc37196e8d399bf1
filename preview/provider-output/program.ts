import { dirname, relative, resolve } from "node:path";
import { shownAnswer } from "./azure";
import { sentence, shownBy, type MessageShape, type ShownLine } from "./shape";

/** How Pulumi's host for Node.js begins what it says of a program that threw. */
const thrown = /^Running program '([^']{1,500})' failed with an unhandled exception:\n/;

/** A line of a stack trace with a place in a file. */
const frame = /^\s+at (?:.*\()?(\/[^():]+):(\d+):\d+\)?/;

/** Files that only load the program. */
const loaders = /(?:^|\/)node_modules\/|^program\.cjs$|^scripts\/(?:load-)?typescript\.cjs$/;

/** The checkout that this command belongs to: tests and sandboxes link the program's files from there. */
const ownCheckout = resolve(__dirname, "../..");

/** Lines of a message that are shown; an error with hundreds of them has data in it. */
const mostLines = 60;

/** A call of a provider from within the program: what follows is the provider's. */
const invocation: MessageShape = {
  shape: "Error: invocation of {name} returned an error: {rest}",
  example:
    'Error: invocation of azure-native:containerservice:listManagedClusterUserCredentials returned an error: request failed /subscriptions/a: Status=404 Code="ResourceGroupNotFound" Message="Resource group \'b\' could not be found."',
};

/** What Azure answered, as the program's own resources tell of it. */
const azureAnswered = /^(.{0,400}?Azure answered \d{3} [\w.]{1,80}): (.*)$/;

/**
 * What the pull request's program says itself: an exception with its place in the repository, a setting that is wrong. It could print whatever
 * it reads, so that this guards against accidents: data in it (JSON, the data of a Secret) is left out, and what a provider answered to it is
 * shown as of the provider.
 */
export function shownWords(message: string): readonly ShownLine[] {
  const [head = "", program = ""] = thrown.exec(message) ?? [];
  const roots = [...(program === "" ? [] : [dirname(program)]), ownCheckout];
  const lines = message.slice(head.length).trimEnd().split("\n");
  const trace = lines.findIndex((line) => /^\s+at \S/.test(line));
  const words = trace === -1 ? lines : lines.slice(0, trace);
  const required = words.findIndex((line) => line === "Require stack:");
  const told = withoutData((required === -1 ? words : words.slice(0, required)).join("\n")).split("\n");
  const shown = told.slice(0, mostLines).map((line) => shownWord(withoutRoots(line, roots)));
  const place = lines.slice(trace === -1 ? lines.length : trace).flatMap((line) => placeOf(line, roots))[0];
  return [
    ...shown,
    ...(told.length > mostLines ? [{ text: "…", cut: true }] : []),
    ...(place === undefined ? [] : [{ text: `    at ${place}`, cut: false }]),
  ];
}

function shownWord(line: string): ShownLine {
  const invoked = shownBy([invocation], line);
  if (invoked !== undefined) {
    const head = invoked.text.replace(/…$/, "");
    const answer = shownAnswer(line.slice(head.length));
    return { text: head + (answer?.text ?? "…"), cut: answer?.cut ?? true };
  }
  const answer = shownAnswer(line);
  if (answer !== undefined) return answer;
  const [, told, rest = ""] = azureAnswered.exec(line) ?? [];
  if (told !== undefined) {
    const shown = sentence(rest);
    return { text: `${told}: ${shown.text}`, cut: shown.cut };
  }
  return { text: line.replaceAll(leftOut, "{…}"), cut: line.includes(leftOut) };
}

function placeOf(line: string, roots: readonly string[]): readonly string[] {
  const [, file, number] = frame.exec(line) ?? [];
  if (file === undefined || number === undefined) return [];
  for (const root of roots) {
    const path = relative(root, file);
    if (path.startsWith("..")) continue;
    return loaders.test(path) ? [] : [`${path}:${number}`];
  }
  return [];
}

function withoutRoots(line: string, roots: readonly string[]): string {
  return roots.reduce((text, root) => text.replaceAll(`${root}/`, ""), line);
}

/** Stands where data was, until the line is shown: no text has it. */
const leftOut = "\u0000";

/** A line below which YAML has an object's data. */
const dataBlock = /^(\s*)(?:data|stringData|binaryData|annotations):\s*(?:[|>][0-9+-]{0,2})?$/;

/** A text without JSON objects, and without what YAML has below `data`. */
function withoutData(text: string): string {
  const kept: string[] = [];
  let below: number | undefined;
  for (const line of withoutObjects(text.replaceAll(leftOut, "")).split("\n")) {
    const indent = line.length - line.trimStart().length;
    if (below !== undefined && (line.trim() === "" || indent > below)) continue;
    below = dataBlock.exec(line)?.[1]?.length;
    kept.push(below === undefined ? line : `${line} ${leftOut}`);
  }
  return kept.join("\n");
}

/** Replaces each JSON object, also one that was cut off before its end. */
function withoutObjects(text: string): string {
  let kept = "";
  let from = 0;
  for (const { index } of text.matchAll(/\{\s*\\?"/g)) {
    if (index < from) continue;
    kept += text.slice(from, index) + leftOut;
    from = endOfObject(text, index);
  }
  return kept + text.slice(from);
}

/** Where the object ends that begins at `start`; the end of the text where it does not. Strings within strings have no braces that count. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\") index += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === "{") depth += 1;
    else if (!quoted && character === "}") {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return text.length;
}
