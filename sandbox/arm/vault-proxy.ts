import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A proxy that is open. */
export interface VaultProxy {
  /** For clients: vaults by the proxy, the emulator's own address past it. */
  readonly environment: { readonly HTTPS_PROXY: string; readonly NO_PROXY: string };
  close(): Promise<void>;
}

/**
 * Opens a proxy on loopback by which clients find the emulator's key vaults under their names in Azure, which no resolver of this machine knows. It lets through to nothing else.
 *
 * @param port The emulator's.
 */
export async function openVaultProxy(port: number): Promise<VaultProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connect", (request, client: Socket) => {
    const isVault = /^[a-z0-9-]+\.vault\.azure\.net:443$/i.test(request.url ?? "");
    if (!isVault) {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const upstream = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client);
      client.pipe(upstream);
    });
    const pair = [client, upstream];
    for (const socket of pair) {
      sockets.add(socket);
      // Either end's end is the other's; what went wrong a client sees by that.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        for (const one of pair) one.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  return {
    environment: { HTTPS_PROXY: `http://127.0.0.1:${own}`, NO_PROXY: "localhost,127.0.0.1" },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
