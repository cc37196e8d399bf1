import "reflect-metadata";

import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralName,
} from "@peculiar/x509";
import { generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { ifExists } from "../../recovery/if-exists";
import { writeWhole } from "./files";

/** Who a certificate is for. */
export interface CertificateSubject {
  /** Name of the files: `<name>.pem` and `<name>-key.pem`. */
  readonly name: string;
  /** X.500 name; Kubernetes takes CN as the user and each O as a group. */
  readonly subject: { readonly CN: string; readonly O?: readonly string[] };
  /** Names and addresses of a server; none makes it a client's certificate. */
  readonly hosts?: readonly JsonGeneralName[];
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const validYears = 10;

/**
 * Makes a certificate authority and the certificates it signs, in PEM files of the directory: `ca.pem`, and per subject `<name>.pem` and
 * `<name>-key.pem`, the keys readable by their owner alone. The authority's own key is never written, so that nobody can ever
 * sign anything else. Files that are there already are kept, unless one is missing: then all are made anew.
 */
export async function ensureCertificates(directory: string, subjects: readonly CertificateSubject[]): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const present = new Set(await readdir(directory));
  const wanted = ["ca.pem", ...subjects.flatMap(({ name }) => [`${name}.pem`, `${name}-key.pem`])];
  if (wanted.every((file) => present.has(file))) return;

  const notBefore = new Date(Date.now() - 24 * 3600 * 1000);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + validYears);
  const common = { notBefore, notAfter, signingAlgorithm: algorithm };
  const caKeys = await generateKeys();
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      ...common,
      serialNumber: serialNumber(),
      name: `CN=kubernetes ${randomBytes(4).toString("hex")}`,
      keys: caKeys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  for (const { name, subject, hosts } of subjects) {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.create(
      {
        ...common,
        serialNumber: serialNumber(),
        subject: [{ CN: [subject.CN] }, ...(subject.O ?? []).map((group) => ({ O: [group] }))],
        issuer: ca.subject,
        publicKey: keys.publicKey,
        signingKey: caKeys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([hosts ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
          ...(hosts ? [new SubjectAlternativeNameExtension([...hosts])] : []),
        ],
      },
      webcrypto,
    );
    await writeWhole(path.join(directory, `${name}-key.pem`), await privateKeyPem(keys.privateKey));
    await writeWhole(path.join(directory, `${name}.pem`), `${certificate.toString("pem")}\n`);
  }
  // Last: it is what tells a complete set from one whose making was interrupted.
  await writeWhole(path.join(directory, "ca.pem"), `${ca.toString("pem")}\n`);
}

/** Makes a private key in the file if there is none, in the PEM form (SEC 1) that Kubernetes reads public keys from, too. */
export async function ensurePrivateKey(file: string): Promise<void> {
  if ((await ifExists(readFile(file))) !== undefined) return;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeWhole(file, privateKey.export({ type: "sec1", format: "pem" }).toString());
}

function generateKeys() {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

/** A positive serial number of 16 random bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString("hex");
}
