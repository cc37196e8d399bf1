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
  /** Has it issue anew, as by `cmctl renew`. */
  renew(): Promise<void>;
  /** Has the issuer sign by a root from the next certificate on. */
  setRoot(root: KeyPair): Promise<void>;
  close(): Promise<void>;
}

/** Where the certificate is that it issues. */
const namespace = "mesh-authority";

/** Starts the real cert-manager, with a root, where there is one, as its issuer for the whole cluster. */
export async function openCertManager({ api, kubeconfig }: StackCluster, root?: KeyPair): Promise<CertManager> {
  const { program, definitions } = await ensureCertManager(() => undefined);
  await install(api, definitions);
  if (root !== undefined) await issueBy(api, root);
  const child = spawn(program, ["--kubeconfig", kubeconfig], { stdio: ["ignore", "ignore", "pipe"], env: {} });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const secret = async (): Promise<Readonly<Record<string, string>> | undefined> => {
    expect(child.exitCode, said.join("")).toBeNull();
    const found = await api.find<{ data: Record<string, string> }>(
      `/api/v1/namespaces/${namespace}/secrets/mesh-authority`,
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
      const path = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/mesh-authority`;
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
    setRoot: (another) => setRoot(api, another),
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}

async function install(api: ApiClient, definitions: string): Promise<void> {
  const files = (await readdir(definitions)).filter((file) => file.endsWith(".yaml"));
  const texts = await Promise.all(files.map((file) => readFile(join(definitions, file), "utf8")));
  const objects = texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject),
  );
  await ensureDefinitions(api, "cert-manager", objects, new AbortController().signal);
  await api.apply("/api/v1/namespaces/cert-manager", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "cert-manager" },
  });
}

/** The issuer for the whole cluster. */
async function issueBy(api: ApiClient, root: KeyPair): Promise<void> {
  await setRoot(api, root);
  await api.apply("/apis/cert-manager.io/v1/clusterissuers/root", {
    apiVersion: "cert-manager.io/v1",
    kind: "ClusterIssuer",
    metadata: { name: "root" },
    spec: { ca: { secretName: "root" } },
  });
}

/** The Secret of the issuer. */
async function setRoot(api: ApiClient, { cert, key }: KeyPair): Promise<void> {
  await api.apply("/api/v1/namespaces/cert-manager/secrets/root", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "root", namespace: "cert-manager" },
    type: "kubernetes.io/tls",
    stringData: { "tls.crt": cert, "tls.key": key },
  });
}
