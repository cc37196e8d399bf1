import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { parseAllDocuments } from "yaml";
import { type ApiClient, type KubernetesObject } from "../../sandbox/control-plane/api-client";
import { ensureDefinitions } from "../../sandbox/control-plane/custom-resources";
import { ensureCertManager } from "../../sandbox/tools/cert-manager";
import { type StackCluster } from "../../sandbox/traffic/cluster";
import { type KeyPair } from "./sidecar-tls";
import { until } from "./until";

/** cert-manager beside a cluster. */
export interface CertManager {
  /**
   * The secrets of a mesh's authority by the names of their PEM files, as cert-manager last issued it.
   * @param after what it issued before: is waited for to be over.
   */
  authority(after?: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  /** Has it issued anew, as by `cmctl renew`. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

const group = "/apis/cert-manager.io/v1/namespaces/cert-manager";

/** Starts the real cert-manager with a root as its issuer, and asks it for an intermediate certificate. */
export async function openCertManager({ api, kubeconfig }: StackCluster, root: KeyPair): Promise<CertManager> {
  const { program, definitions } = await ensureCertManager(() => undefined);
  await install(api, definitions, root);
  const child = spawn(program, ["--kubeconfig", kubeconfig], { stdio: ["ignore", "ignore", "pipe"], env: {} });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const secret = async (): Promise<Readonly<Record<string, string>> | undefined> => {
    expect(child.exitCode, said.join("")).toBeNull();
    const found = await api.find<{ data: Record<string, string> }>(
      "/api/v1/namespaces/cert-manager/secrets/mesh-authority",
    );
    if (found === undefined) return undefined;
    const pem = (name: string): string => Buffer.from(found.data[name] ?? "", "base64").toString();
    return {
      "root-cert": pem("ca.crt"),
      "ca-cert": pem("tls.crt"),
      "ca-key": pem("tls.key"),
      "cert-chain": `${pem("tls.crt")}${pem("ca.crt")}`,
    };
  };
  return {
    authority: (after) =>
      until(async () => {
        const issued = await secret();
        return issued?.["ca-cert"] === after?.["ca-cert"] ? undefined : issued;
      }),
    renew: async () => {
      const path = `${group}/certificates/mesh-authority`;
      const { status } = await api.get<{ status: { conditions: readonly { type: string }[] } }>(path);
      const issuing = {
        type: "Issuing",
        status: "True",
        reason: "ManuallyTriggered",
        message: "Certificate re-issuance manually triggered",
        lastTransitionTime: new Date().toISOString(),
      };
      const others = status.conditions.filter(({ type }) => type !== issuing.type);
      await api.mergePatch(`${path}/status`, { status: { conditions: [...others, issuing] } });
    },
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}

async function install(api: ApiClient, definitions: string, root: KeyPair): Promise<void> {
  const files = (await readdir(definitions)).filter((file) => file.endsWith(".yaml"));
  const texts = await Promise.all(files.map((file) => readFile(join(definitions, file), "utf8")));
  const objects = texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject),
  );
  await ensureDefinitions(api, "cert-manager", objects, new AbortController().signal);
  const namespace = "cert-manager";
  const metadata = (name: string) => ({ name, namespace });
  await api.apply(`/api/v1/namespaces/${namespace}`, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace },
  });
  await api.apply(`/api/v1/namespaces/${namespace}/secrets/root`, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadata("root"),
    type: "kubernetes.io/tls",
    stringData: { "tls.crt": root.cert, "tls.key": root.key },
  });
  await api.apply(`${group}/issuers/root`, {
    apiVersion: "cert-manager.io/v1",
    kind: "Issuer",
    metadata: metadata("root"),
    spec: { ca: { secretName: "root" } },
  });
  await api.apply(`${group}/certificates/mesh-authority`, {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: metadata("mesh-authority"),
    spec: {
      isCA: true,
      commonName: "Intermediate of cert-manager",
      secretName: "mesh-authority",
      duration: "12h",
      renewBefore: "4h",
      privateKey: { algorithm: "RSA", size: 2048, rotationPolicy: "Always" },
      usages: ["cert sign", "crl sign"],
      issuerRef: { name: "root", kind: "Issuer" },
    },
  });
}
