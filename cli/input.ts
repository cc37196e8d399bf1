import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ManifestFile } from "../mesh/manifests";
import { UsageError } from "./usage-error";

/** Largest manifest that is read. */
const maxFileBytes = 256 * 1024 * 1024;

/** The texts of files, of directories (all `.yaml`, `.yml` and `.json` in them) and, as `-`, of standard input. */
export function readManifestFiles(paths: readonly string[]): readonly ManifestFile[] {
  return paths.flatMap(manifestFiles);
}

function manifestFiles(path: string): readonly ManifestFile[] {
  if (path === "-") return [{ name: "stdin", text: readText(0, "standard input") }];
  let isDirectory: boolean;
  try {
    const stats = statSync(path);
    isDirectory = stats.isDirectory();
    if (stats.size > maxFileBytes) throw new UsageError(`${path} is larger than ${String(maxFileBytes)} bytes.`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
  if (!isDirectory) return [{ name: path, text: readText(path, path) }];
  const files = readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isManifestPath)
    .sort();
  if (files.length === 0) throw new UsageError(`${path} holds no .yaml, .yml or .json file.`);
  return files.map((file) => ({ name: file, text: readText(file, file), found: true }));
}

/** Whether a file that is found in a folder may hold manifests. */
export function isManifestPath(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) && !/(^|[\\/])(node_modules|\.git)[\\/]/.test(path);
}

/** All of a file, or of standard input (0). */
export function readText(source: string | 0, name: string): string {
  try {
    return decodeText(readFileSync(source));
  } catch (error) {
    // A closed standard input is an empty one.
    if (source === 0 && error instanceof Error && "code" in error && error.code === "EAGAIN") return "";
    throw new UsageError(`${name} cannot be read: ${reasonOf(error)}.`);
  }
}

/** Text in UTF-8, or in what its byte order mark says, as editors on Windows and PowerShell's `>` write it. */
function decodeText(bytes: Buffer): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

/** Why a file cannot be read or written, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error) {
    switch (error.code) {
      case "ENOENT":
        return "there is no such file or folder";
      case "EACCES":
      case "EPERM":
        return "no permission";
      case "EROFS":
        return "the disk is read-only";
      case "ENOSPC":
        return "the disk is full";
      case "EISDIR":
        return "it is a folder";
      default:
        return String(error.code);
    }
  }
  return String(error);
}
