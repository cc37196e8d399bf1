import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";

/** A registry on this machine that stands in for every other, and has one image wherever it is asked for. */
export interface Mirror {
  readonly digest: string;
  /** Variables with which the command asks it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startMirror(): Promise<Mirror> {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, layers: [] });
  const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
  const server = createServer(({ url = "" }, response) => {
    if (url.endsWith(`/manifests/${digest}`)) response.writeHead(200, { "content-type": mediaType }).end(manifest);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    digest,
    environment: { AKS_MESH_REGISTRY_MIRROR: `http://127.0.0.1:${port}` },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
