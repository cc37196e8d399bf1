import { existsSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";

/** A manifest's path below the root of the sources, with slashes; undefined for what is no file there. */
export type PathOf = (file: string) => string | undefined;

/** Paths below a folder: GitHub's workspace in a workflow, or the folder in which the command runs. */
export function sourcePaths(root: string): PathOf {
  return (file) => {
    const path = relative(root, resolve(file));
    if (path === "" || path.startsWith(`..${sep}`) || isAbsolute(path) || !existsSync(file)) return undefined;
    return path.split(sep).join("/");
  };
}
