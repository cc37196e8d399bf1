import { vi } from "vitest";

/** Runs a function and gives its result with all that it wrote to standard output and standard error. */
export async function capture<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly output: string }> {
  let output = "";
  const write = (text: string | Uint8Array): boolean => {
    output += String(text);
    return true;
  };
  const streams = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockImplementation(write));
  try {
    return { result: await run(), output };
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
}
