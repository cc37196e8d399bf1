import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo } from "node:net";

/** A way from this machine's programs to what pods know by a name of the cluster. */
export interface ClusterProxy {
  /** For HTTP_PROXY. What is on loopback, such as the API server, Go asks without a proxy. */
  readonly address: string;
  close(): void;
}

/** The host of the Prometheus in the cluster, as pods name it. */
const prometheusHost = "prometheus.mesh-monitoring.svc.cluster.local:9090";

/**
 * An HTTP proxy that knows one name of the cluster, Prometheus's.
 *
 * @param prometheus address of the Prometheus that runs in the place of the cluster's.
 */
export async function clusterProxy(prometheus: string): Promise<ClusterProxy> {
  const server = createServer((asked, answer) => {
    const url = URL.canParse(asked.url ?? "") ? new URL(asked.url ?? "") : undefined;
    if (url?.host !== prometheusHost) {
      answer.writeHead(502).end(`the sandbox runs ${prometheusHost} alone`);
      return;
    }
    const onward = request(new URL(url.pathname + url.search, prometheus), { method: asked.method }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.on("error", (error) => answer.writeHead(502).end(error.message));
    asked.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
