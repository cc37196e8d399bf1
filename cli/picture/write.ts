import { writeFileSync } from "node:fs";
import { reasonOf } from "../input";
import { type Terminal } from "../terminal";
import { UsageError } from "../usage-error";
import { type PageData } from "./page-data";

/**
 * Writes a picture, and says on standard error what was written: the file, what is in it, and its size.
 *
 * @throws {UsageError} where the file cannot be written.
 */
export function writePicture(
  terminal: Terminal,
  file: string,
  data: PageData,
  textOf: (data: PageData) => string,
): void {
  if (file === "") throw new UsageError("--svg and --html want a file name.");
  const text = textOf(data);
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${reasonOf(error)}.`);
  }
  const size = Math.ceil(Buffer.byteLength(text) / 1000);
  terminal.err(`wrote ${file}: ${contentText(data)}, ${size.toLocaleString("en")} kB\n`);
}

function contentText({ kind, boxes, calls, callerSets }: PageData): string {
  const services = boxes.reduce((sum, { serves }) => sum + serves.length, 0);
  const told = kind === "access" ? calls : calls.filter(({ change }) => change !== undefined);
  const pairs = told.reduce((sum, { callers }) => sum + (callerSets[callers]?.length ?? 0), 0);
  return `${counted(services, "service")}, ${counted(pairs, kind === "access" ? "call" : "change")}`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
