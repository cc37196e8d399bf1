import "reflect-metadata";

import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonGeneralName,
  type X509CertificateCreateParams,
} from "@peculiar/x509";
import { createPrivateKey, webcrypto } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { type Socket } from "node:net";
import { connect, type SecureVersion } from "node:tls";

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const newKey = { ...algorithm, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 } as const;

/** How long certificates hold that are made here. */
export const lifeSeconds = 24 * 3600;

/** Validity that a clock a little behind does not make begin in the future. */
const validity = () => ({
  notBefore: new Date(Date.now() - lifeSeconds * 1000),
  notAfter: new Date(Date.now() + lifeSeconds * 1000),
});

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

/** A certificate for these names that an authority with an RSA key has signed, as a mesh's control plane does. */
export function signedBy(authority: KeyPair, names: readonly JsonGeneralName[]): Promise<KeyPair> {
  return signed(authority, {
    subject: [{ CN: [names[0]?.value ?? ""] }],
    extensions: [new SubjectAlternativeNameExtension([...names])],
  });
}

async function signed(
  authority: KeyPair,
  what: Pick<X509CertificateCreateParams, "subject" | "extensions">,
): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(newKey, true, ["sign", "verify"]);
  // Authorities write their keys in either form.
  const pkcs8 = createPrivateKey(authority.key).export({ type: "pkcs8", format: "der" });
  const certificate = await X509CertificateGenerator.create(
    {
      ...validity(),
      ...what,
      issuer: new X509Certificate(authority.cert).subject,
      publicKey: keys.publicKey,
      signingKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
      signingAlgorithm: algorithm,
    },
    webcrypto,
  );
  return { cert: certificate.toString("pem"), key: await pem(keys.privateKey) };
}

/** An authority that no mesh knows, under the name of one that it does. */
export async function strangeAuthority(like: KeyPair): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(newKey, true, ["sign", "verify"]);
  const { subject: name } = new X509Certificate(like.cert);
  const made = await X509CertificateGenerator.createSelfSigned(
    { ...validity(), name, keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  return { cert: made.toString("pem"), key: await pem(keys.privateKey) };
}

/** What an authority's certificate says beside names: that it is one. */
const ofAuthority = [
  new BasicConstraintsExtension(true, undefined, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
];

/** What a certificate says of itself as an authority; undefined where it says nothing. */
export function constraintsOf(cert: string): { readonly ca: boolean; readonly pathLength?: number } | undefined {
  return new X509Certificate(cert).getExtension(BasicConstraintsExtension) ?? undefined;
}

/** A root of one's own. */
export async function newRoot(name: string): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(newKey, true, ["sign", "verify"]);
  const made = await X509CertificateGenerator.createSelfSigned(
    { ...validity(), name: [{ CN: [name] }], keys, signingAlgorithm: algorithm, extensions: ofAuthority },
    webcrypto,
  );
  return { cert: made.toString("pem"), key: await pem(keys.privateKey) };
}

/** An authority of this name whose certificate another has signed. */
export function intermediateOf(root: KeyPair, name: string): Promise<KeyPair> {
  return signed(root, { subject: [{ CN: [name] }], extensions: ofAuthority });
}

/** How a sidecar is spoken to. */
export interface Speaking {
  /** Address and port of the pod. */
  readonly to: string;
  /** Lines of the request, without the blank one. */
  readonly request: readonly string[];
  /** Default: plain text. */
  readonly tls?: {
    readonly serverName: string;
    readonly alpn: string;
    /** Default: no certificate. */
    readonly client?: KeyPair;
    /** The one version that is offered. Default: TLS 1.2 and 1.3. */
    readonly version?: SecureVersion;
    /** Cipher suites of TLS 1.2 and below that are offered, in OpenSSL's notation. Default: Node's. */
    readonly ciphers?: string;
  };
}

/** What came of it. */
export interface Spoken {
  /** The answer's status code; `refused` where there was none, `unreachable` where nobody listens at the pod's port. */
  readonly end: string;
  /** What the application was told of its caller; undefined where no application answered. */
  readonly caller: string | undefined;
  /** TLS version and cipher suite (IANA's name), where a handshake came that far. */
  readonly version: string | undefined;
  readonly cipher: string | undefined;
  /** Serial number of the sidecar's certificate and the certificate itself (DER), where it has shown one. */
  readonly serial: string | undefined;
  readonly certificate: Buffer | undefined;
}

/** Speaks with a pod's sidecar from outside the mesh. @param proxy address of {@link PodRunner.openProxy}. */
export async function speak(proxy: string, { to, request: lines, tls }: Speaking): Promise<Spoken> {
  const none = { version: undefined, cipher: undefined, serial: undefined, certificate: undefined };
  const tunnel = await openTunnel(proxy, to);
  if (tunnel === undefined) return { ...none, end: "unreachable", caller: undefined };
  const secured =
    tls &&
    connect({
      socket: tunnel,
      servername: tls.serverName,
      ALPNProtocols: [tls.alpn],
      // Who the sidecar is, is looked at, not believed.
      rejectUnauthorized: false,
      ...tls.client,
      ...(tls.version && { minVersion: tls.version, maxVersion: tls.version }),
      ...(tls.ciphers && { ciphers: tls.ciphers }),
    });
  const seen: { text: string; connection?: Omit<Spoken, "end" | "caller"> } = { text: "" };
  const stream = secured ?? tunnel;
  secured?.on("secureConnect", () => {
    const { serialNumber: serial, raw: certificate } = secured.getPeerCertificate();
    seen.connection = {
      version: secured.getProtocol() ?? undefined,
      cipher: secured.getCipher().standardName,
      serial,
      certificate,
    };
  });
  const ended = new Promise<void>((resolve) => {
    stream.on("close", () => resolve());
    stream.on("error", () => resolve()); // a refusal, which `end` tells
  });
  stream.setEncoding("utf8").on("data", (text: string) => (seen.text += text));
  stream.write(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n`);
  await ended;
  tunnel.destroy();
  return {
    ...(seen.connection ?? none),
    end: /^HTTP\/1\.1 (\d{3})/.exec(seen.text)?.[1] ?? "refused",
    caller: /^caller: *(.*?)\r$/im.exec(seen.text)?.[1],
  };
}

/** @returns undefined where the proxy could not connect, as while a pod's sidecar does not listen yet. */
async function openTunnel(proxy: string, to: string): Promise<Socket | undefined> {
  const [host, port] = proxy.split(":");
  const asked = request({ host, port, method: "CONNECT", path: to }).end();
  const [answer, socket] = (await once(asked, "connect")) as [{ readonly statusCode: number }, Socket];
  if (answer.statusCode === 200) return socket;
  socket.destroy();
  if (answer.statusCode === 502) return undefined;
  throw new Error(`no way to ${to}: ${answer.statusCode}`);
}
