import { X509Certificate } from "node:crypto";
import { expect } from "vitest";
import { type StackCluster } from "../../sandbox/traffic/cluster";
import { type Traffic } from "../../sandbox/traffic/traffic";
import { bookbuyersEnds } from "./mesh-cluster";
import { type KeyPair, signedBy, speak } from "./sidecar-tls";
import { until } from "./until";

const service = "bookstore.bookstore.svc.cluster.local";

/** A setting by its path. */
export type Setting = readonly [path: string, object: object];

/** Has each call between the sidecars be a handshake of its own. */
export const eachAnew: Setting = [
  "/apis/networking.istio.io/v1/namespaces/bookstore/destinationrules/each-anew",
  {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "each-anew", namespace: "bookstore" },
    // Each request is a handshake: a connection that is open would not notice what has changed.
    spec: { host: service, trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 1 } } } },
  },
];

/** Whose sidecars are asked. */
export const names = ["bookbuyer", "bookstore"] as const;
export type Name = (typeof names)[number];

/** What the sidecars of bookbuyer and bookstore are asked from outside of the mesh. */
export interface Sidecars {
  /** Whether its certificate is of the authority with this certificate. */
  readonly isSignedBy: (name: Name, authority: string) => Promise<boolean>;
  /** Whether it takes a certificate that the authority has signed for bookbuyer. */
  readonly trusts: (name: Name, authority: KeyPair) => Promise<boolean>;
}

/** Speaks with the sidecars of a cluster that has traffic. */
export async function openSidecars(cluster: StackCluster, traffic: Traffic): Promise<Sidecars> {
  const proxy = await traffic.openProxy();
  const say = async (name: Name, client?: KeyPair) => {
    const [pod] = await cluster.api.list<{ status: { podIP: string } }>(`/api/v1/namespaces/${name}/pods`);
    return await speak(proxy, {
      to: `${pod?.status.podIP}:14001`,
      request: ["GET /books-bought HTTP/1.1", `host: ${service}:14001`, "user-agent: test"],
      tls: { serverName: "", alpn: "istio", ...(client && { client }) },
    });
  };
  return {
    isSignedBy: async (name, by) => {
      const { certificate } = await say(name);
      return certificate !== undefined && new X509Certificate(certificate).verify(new X509Certificate(by).publicKey);
    },
    trusts: async (name, by) => {
      const uri = "spiffe://cluster.local/ns/bookbuyer/sa/bookbuyer";
      const { cert, key } = await signedBy(by, [{ type: "url", value: uri }]);
      return /^\d+$/.test((await say(name, { cert: `${cert}\n${by.cert}`, key })).end);
    },
  };
}

/** Waits until something holds for both sidecars; all of bookbuyer's calls are answered meanwhile. */
export async function untilBoth(traffic: Traffic, holds: (name: Name) => Promise<boolean>): Promise<void> {
  const before = (await bookbuyersEnds(traffic))["200"] ?? 0;
  for (const name of names) await until(async () => ((await holds(name)) ? true : undefined));
  const ends = await until(async () => {
    const now = await bookbuyersEnds(traffic);
    return (now["200"] ?? 0) > before + 10 ? now : undefined;
  });
  expect(Object.keys(ends)).toEqual(["200"]);
}
