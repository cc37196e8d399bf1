import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { parseArgs } from "node:util";
import { isManifestPath, reasonOf } from "./input";
import { sayingMistakes } from "./mistakes";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

/** Option of the commands that may go on. */
export const watchOption = { watch: { type: "boolean" } } as const;

/** How long after a change everything is looked at, in milliseconds: editors and git write several files, each in several steps. */
const quiet = 150;

/** Empties a terminal, with what has scrolled out of it. */
const emptyScreen = "\u001b[2J\u001b[3J\u001b[H";

/** What a shell takes for "ended by Ctrl-C". */
const interrupted = 130;

type Command = (terminal: Terminal, args: readonly string[]) => Promise<number>;

/** Runs a command; with `--watch` now and after each change of the files that its arguments name. */
export function watchable(terminal: Terminal, args: readonly string[], command: Command): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: watchedOptions, strict: false });
  if (values.watch !== true) return command(terminal, args);
  if (values.json === true || (values.format ?? "text") !== "text") {
    throw new UsageError("--watch is for people: it goes with text alone.");
  }
  if (values.context !== undefined || positionals.includes("-")) {
    throw new UsageError("--watch looks at files: it goes neither with --context nor with standard input.");
  }
  return watching(terminal, positionals, () => command(terminal, args));
}

/** What has to be known of the options to tell which arguments are files; the command itself says which there are. */
const watchedOptions = {
  ...watchOption,
  json: { type: "boolean" },
  ...Object.fromEntries(
    ["format", "context", "mesh", "namespace", "fail-on", "svg", "html"].map((name) => [
      name,
      { type: "string" } as const,
    ]),
  ),
} as const;

/**
 * Runs a command now and after each change of the files, until Ctrl-C. What it says of a mistake is said, and it goes on: a file that is being
 * edited is wrong for a while.
 *
 * @param files files and folders; in folders only what may be manifests counts, so that what the command writes there starts nothing.
 * @param once the command, to be run as often as it takes.
 */
async function watching(terminal: Terminal, files: readonly string[], once: () => Promise<number>): Promise<number> {
  const run = async (): Promise<void> => {
    await sayingMistakes((message) => terminal.err(`aks-mesh: ${message}\n`), once);
    terminal.err(terminal.paint.dim("Waiting for changes. Ctrl-C ends.\n"));
  };
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let running = false;
    let again = false;
    const start = (): void => {
      running = true;
      again = false;
      run()
        .then(() => {
          running = false;
          if (again) start();
        })
        .catch(reject);
    };
    const changed = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        again = running;
        if (running) return;
        terminal.out(process.stdout.isTTY ? emptyScreen : "----\n");
        start();
      }, quiet);
    };
    const watchers = files.map((file) => watcherOf(file, changed));
    const end = (): void => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      process.off("SIGINT", end).off("SIGTERM", end);
      resolve(interrupted);
    };
    process.on("SIGINT", end).on("SIGTERM", end);
    start();
  });
}

/** Watches a folder with all that is in it, or a file: by its folder, since editors put a new file in an old one's place. */
function watcherOf(path: string, changed: () => void): FSWatcher {
  try {
    const folder = statSync(path).isDirectory();
    const watcher = watch(folder ? path : dirname(path), { recursive: folder }, (_, name) => {
      if (name === null || (folder ? isManifestPath(name) : name === basename(path))) changed();
    });
    // A folder that is gone is said by the next run; other trouble must not end the command without a word.
    watcher.on("error", changed);
    return watcher;
  } catch (error) {
    throw new UsageError(`${path} cannot be watched: ${reasonOf(error)}.`);
  }
}
