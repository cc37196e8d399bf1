import { readFile } from "node:fs/promises";
import { randomInt } from "node:crypto";
import { createServer, type AddressInfo, type Server } from "node:net";
import path from "node:path";
import { ifExists } from "../../recovery/if-exists";
import { writeWhole } from "./files";

/** What needs a port on loopback. */
export const portNames = [
  "etcd-client",
  "etcd-peer",
  "kube-apiserver",
  "osm-controller-xds",
  "osm-controller-http",
  "osm-controller-debug",
  "osm-controller-webhook",
  "osm-injector-webhook",
  "osm-injector-http",
] as const;

export type PortName = (typeof portNames)[number];
export type Ports = Readonly<Record<PortName, number>>;

/** The control plane's ports: free ones at the first call, afterwards the same, remembered in the directory. */
export function ensurePorts(directory: string): Promise<Ports> {
  return portsIn(path.join(directory, "ports.json"), portNames);
}

/** Ports for these names: free ones at the first call, afterwards those that the file remembers. */
export async function portsIn<Name extends string>(
  file: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, number>>> {
  const known = await ifExists(readFile(file, "utf8"));
  if (known !== undefined) return JSON.parse(known) as Record<Name, number>;
  const ports = await freePorts(names.length);
  const named = Object.fromEntries(names.map((name, index) => [name, ports[index]])) as Record<Name, number>;
  await writeWhole(file, JSON.stringify(named, null, 2));
  return named;
}

/**
 * Where ports are looked for: below the range that systems take for outgoing connections (Linux: from 32768, see ip(7)), so that no such
 * connection has the port when the control plane is started again.
 */
const range = { first: 10_000, last: 29_999 };

/** Different ports of 127.0.0.1 that nobody listens on. All are held until the last is found, so that none comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  try {
    for (let attempts = 0; servers.length < count; attempts++) {
      if (attempts > 100 * count) throw new Error(`found no ${count} free ports from ${range.first} to ${range.last}`);
      const server = await tryListen(randomInt(range.first, range.last + 1));
      if (server !== undefined) servers.push(server);
    }
    return servers.map((server) => (server.address() as AddressInfo).port);
  } finally {
    for (const server of servers) server.close();
  }
}

/** Whether nobody listens on a port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = await tryListen(port);
  if (server === undefined) return false;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return true;
}

/** A server on the port, or nothing when the port is taken. */
function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(undefined) : reject(error),
    );
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
