import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rm } from "node:fs/promises";

/** A lock that this process holds until it releases it or ends, however it ends. */
export interface MachineLock {
  release(): Promise<void>;
}

/**
 * Takes a lock among the processes of this machine. It is a socket that listens: the system lets go of it when its process
 * dies, so that none is ever left behind; and whoever connects is told who holds it.
 *
 * @param holder who asks for it, in words.
 * @returns the lock, or who holds it, in words.
 */
export async function tryMachineLock(name: string, holder: string): Promise<MachineLock | string> {
  const path = socketPath(name);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(holder);
    });
    if (await listens(server, path)) {
      server.unref();
      return { release: async () => void (await once(server.close(), "close")) };
    }
    const other = await ask(path);
    if (other !== undefined) return other;
    // On systems without abstract sockets, the file of a dead process is in the way.
    if (!path.startsWith("\0")) await rm(path, { force: true });
  }
  return "another process that does not answer";
}

function socketPath(name: string): string {
  const id = `aks-mesh-${createHash("sha256").update(name).digest("hex").slice(0, 24)}`;
  switch (process.platform) {
    case "linux":
      return `\0${id}`; // abstract: no file, gone with its process
    case "win32":
      return `\\\\.\\pipe\\${id}`;
    default:
      return join(tmpdir(), `${id}.sock`);
  }
}

async function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      if ("code" in error && error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(path, () => resolve(true));
  });
}

/** Who holds the lock; undefined where nobody does any more. */
async function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(path);
    socket.setTimeout(2000, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(answer === "" ? "another process" : answer));
  });
}
