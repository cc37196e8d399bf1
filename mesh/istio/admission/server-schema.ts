import { boolean, exclusive, object, oneOf, string, strings, unsigned } from "./schema-parts";

const version = oneOf("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3");

/** TLS of those who call. */
export const serverTls = exclusive(
  object({
    caCertCredentialName: string,
    caCertificates: string,
    caCrl: string,
    cipherSuites: strings,
    credentialName: string,
    credentialNames: { type: "array", items: string, minItems: 1, maxItems: 2 },
    httpsRedirect: boolean,
    insecureSkipVerify: boolean,
    maxProtocolVersion: version,
    minProtocolVersion: version,
    mode: oneOf("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"),
    privateKey: string,
    serverCertificate: string,
    subjectAltNames: strings,
    tlsCertificates: {
      type: "array",
      items: object({ caCertificates: string, privateKey: string, serverCertificate: string }),
      minItems: 1,
      maxItems: 2,
    },
    verifyCertificateHash: strings,
    verifyCertificateSpki: strings,
  }),
  ["tlsCertificates", "credentialNames"],
  ["credentialName", "credentialNames"],
);

const port = { name: string, number: unsigned, protocol: string, targetPort: unsigned };

/** A port that a Sidecar opens. */
export const sidecarPort = object(port);

/** A port that a Gateway opens, as Istio 1.31's CustomResourceDefinition states it. */
export const server = object(
  {
    bind: string,
    defaultEndpoint: string,
    hosts: strings,
    name: string,
    port: object(port, "number", "protocol", "name"),
    tls: serverTls,
  },
  "port",
  "hosts",
);
