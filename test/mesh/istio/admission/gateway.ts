import { type KubernetesObject } from "../../../../mesh/manifests";
import { istio } from "../world";
import { type Refused, type Taken } from "./case";

const gateway = (servers: readonly object[], name = "g"): KubernetesObject =>
  istio("networking.istio.io/v1", "Gateway", "edge", name, { servers });
const port = (protocol: string, number = 443) => ({ number, name: "p", protocol });
const server = (one: object): KubernetesObject => gateway([{ port: port("HTTP", 80), hosts: ["api.example"], ...one }]);
const tls = (protocol: string, settings: object): KubernetesObject => server({ port: port(protocol), tls: settings });
const hosts = (...names: readonly string[]): KubernetesObject => server({ hosts: names });
const files = { serverCertificate: "/c", privateKey: "/k" };
const secret = { credentialName: "api" };

export const taken: readonly Taken[] = [
  ["of requests", server({})],
  ["that sends callers to TLS", server({ tls: { httpsRedirect: true } })],
  ["that ends TLS", tls("HTTPS", { mode: "SIMPLE", ...secret })],
  ["that ends TLS and passes bytes on", tls("TLS", { mode: "SIMPLE", ...secret })],
  ["with certificates in files", tls("https", { mode: "SIMPLE", ...files })],
  ["with two certificates", tls("HTTPS", { mode: "SIMPLE", tlsCertificates: [files, files] })],
  ["that asks for certificates", tls("HTTPS", { mode: "MUTUAL", ...files, caCertificates: "/a" })],
  ["of the mesh", tls("TLS", { mode: "ISTIO_MUTUAL" })],
  ["that passes TLS on", tls("TLS", { mode: "PASSTHROUGH" })],
  ["that passes TLS on, by itself", tls("HTTPS", {})],
  ["of addresses", hosts("192.0.2.1", "*/192.0.2.2")],
  ["of names, patterns and namespaces", hosts("*.example", "edge/api.example", "./*", "*/*.api.example")],
  ["at an address", server({ bind: "127.0.0.1" })],
  ["at a socket", server({ port: port("HTTP", 0), bind: "unix:///run/g.sock" })],
];

const at = "spec.servers[0]";
export const refused: readonly Refused[] = [
  ["with a dot in its name", gateway([{ port: port("HTTP", 80), hosts: ["*"] }], "g.1"), "metadata.name"],
  ["that opens nothing", gateway([]), "spec.servers"],
  ["of no host", hosts(), `${at}.hosts`],
  ["of a short name", hosts("api"), `${at}.hosts[0]`],
  ["of a star for part of a name", hosts("*api.example"), `${at}.hosts[0]`],
  ["that leaves a namespace out, as Sidecars do", hosts("~edge/*"), `${at}.hosts[0]`],
  ["of what is no namespace", hosts("a.b/*"), `${at}.hosts[0]`],
  [
    "with one name for two ports",
    gateway([80, 81].map((number) => ({ port: port("HTTP", number), hosts: ["*"] }))),
    "spec.servers[1].port.name",
  ],
  ["without a port's name", server({ port: { ...port("HTTP"), name: "" } }), `${at}.port.name`],
  ["without a protocol", server({ port: port("") }), `${at}.port.protocol`],
  ["of an unknown protocol", server({ port: port("HBONE") }), `${at}.port.protocol`],
  ["of port 0", server({ port: port("HTTP", 0) }), `${at}.port.number`],
  ["with a pods' port", server({ port: { ...port("HTTP"), targetPort: 8080 } }), `${at}.port.targetPort`],
  ["at a name", server({ bind: "localhost" }), `${at}.bind`],
  ["at a folder", server({ port: port("HTTP", 0), bind: "unix:///run/" }), `${at}.bind`],
  ["at a socket's port", server({ bind: "unix:///run/g.sock" }), `${at}.port.number`],
  ["of HTTPS without TLS", server({ port: port("HTTPS") }), at],
  ["of HTTP that ends TLS", tls("HTTP", { mode: "SIMPLE", ...secret }), `${at}.tls`],
  ["of TCP that ends TLS", tls("TCP", { mode: "SIMPLE", ...secret }), `${at}.tls`],
  ["of TCP that leaves TLS alone", tls("TCP", { mode: "PASSTHROUGH" }), `${at}.tls`],
  ["without a certificate", tls("HTTPS", { mode: "SIMPLE" }), `${at}.tls`],
  [
    "without a key",
    tls("HTTPS", { mode: "SIMPLE", tlsCertificates: [{ serverCertificate: "/c" }] }),
    `${at}.tls.tlsCertificates[0]`,
  ],
  ["that knows nobody's certificate", tls("HTTPS", { mode: "MUTUAL", ...files }), `${at}.tls`],
  ["with certificates from two places", tls("HTTPS", { mode: "SIMPLE", ...files, ...secret }), `${at}.tls`],
  ["of the mesh with a certificate", tls("TLS", { mode: "ISTIO_MUTUAL", ...secret }), `${at}.tls.credentialName`],
  [
    "with three certificates",
    tls("HTTPS", { mode: "SIMPLE", credentialNames: ["a", "b", "c"] }),
    `${at}.tls.credentialNames`,
  ],
  [
    "with revocations and no callers' certificates",
    tls("HTTPS", { mode: "SIMPLE", ...files, caCrl: "/l" }),
    `${at}.tls.caCrl`,
  ],
];
