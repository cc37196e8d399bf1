import { spawn } from "node:child_process";
import { createPublicKey, type JsonWebKey } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { expect } from "vitest";
import { parse } from "yaml";
import { poll } from "../../sandbox/control-plane/api-client";
import { portsIn } from "../../sandbox/control-plane/ports";
import { ensureOpenBao } from "../../sandbox/tools/openbao";
import { type StackCluster } from "../../sandbox/traffic/cluster";
import { newRoot, signedBy } from "./sidecar-tls";

/** An OpenBao with a root in the engine `root`, and in the engine `mesh` an intermediate that signs. */
export interface OpenBao {
  /** Its address, and who signed its certificate. */
  readonly server: string;
  readonly caBundle: string;
  /** Certificate of its root, in PEM. */
  readonly root: string;
  /** Calls its API as its administrator. @returns `data` of the answer, or `auth` where it is a token. */
  call(method: "POST" | "PUT", path: string, body: object): Promise<Readonly<Record<string, unknown>>>;
  /** Makes an intermediate that signs from now on. @returns its certificate. */
  newIntermediate(name: string): Promise<string>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the real OpenBao on loopback, by TLS, with its data in memory. @param folder for its files; has to exist. */
export async function openOpenBao(folder: string): Promise<OpenBao> {
  const program = await ensureOpenBao(() => undefined);
  const directory = join(folder, "openbao");
  await mkdir(directory);
  const authority = await newRoot("Who signed OpenBao's certificate");
  const { cert, key } = await signedBy(authority, [{ type: "dns", value: "localhost" }]);
  const { openbao: port } = await portsIn(join(directory, "ports.json"), ["openbao"]);
  const [certificateFile, keyFile] = [join(directory, "tls.crt"), join(directory, "tls.key")];
  await writeFile(certificateFile, cert);
  await writeFile(keyFile, key, { mode: 0o600 });
  const listener = { address: `127.0.0.1:${port}`, tls_cert_file: certificateFile, tls_key_file: keyFile };
  const settings = { storage: { inmem: {} }, listener: { tcp: listener }, api_addr: `https://localhost:${port}` };
  await writeFile(join(directory, "settings.json"), JSON.stringify(settings));
  const child = spawn(program, ["server", `-config=${join(directory, "settings.json")}`], {
    ...{ stdio: ["ignore", "ignore", "pipe"], env: {} },
  });
  const said: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));

  const send = (method: string, path: string, body: object, token?: string) =>
    new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      const call = request({ host: "localhost", port, path: `/v1/${path}`, method, ca: authority.cert }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if ((response.statusCode ?? 500) >= 300) reject(new Error(`${path}: ${response.statusCode} ${text}`));
          else resolve(text === "" ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>));
        });
      });
      if (token !== undefined) call.setHeader("x-vault-token", token);
      call.on("error", reject);
      call.end(JSON.stringify(body));
    });
  const { keys, root_token: token } = (await poll("OpenBao answers", 60, async () => {
    expect(child.exitCode, said.join("")).toBeNull();
    return await send("PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 }).catch(() => undefined);
  })) as { keys: readonly [string]; root_token: string };
  const unseal = async () => void (await send("PUT", "sys/unseal", { key: keys[0] }));
  await unseal();

  const call: OpenBao["call"] = async (method, path, body) => {
    const { data, auth } = await send(method, path, body, token);
    return (data ?? auth ?? {}) as Readonly<Record<string, unknown>>;
  };
  const years = (count: number) => `${count * 8760}h`;
  const mount = (path: string, ttl: string) =>
    call("POST", `sys/mounts/${path}`, { type: "pki", config: { max_lease_ttl: ttl } });
  await mount("root", years(10));
  await mount("mesh", years(5));
  const made = await call("POST", "root/root/generate/internal", { common_name: "Root of OpenBao", ttl: years(10) });
  const root = String(made["certificate"]);
  return {
    ...{ server: `https://localhost:${port}`, caBundle: authority.cert, root, call },
    newIntermediate: async (name) => {
      const { csr } = await call("POST", "mesh/intermediate/generate/internal", { common_name: name });
      const asked = { csr, common_name: name, ttl: years(5), max_path_length: 1 };
      const { certificate } = await call("POST", "root/root/sign-intermediate", asked);
      const signed = String(certificate);
      // With the root, so that whoever is signed for gets the whole chain.
      const { mapping } = await call("POST", "mesh/intermediate/set-signed", { certificate: `${signed}\n${root}` });
      // Of the two the one that has its key here.
      const [issuer] =
        Object.entries(mapping ?? {}).find(([, key]) => key !== "") ?? expect.fail("no issuer has a key");
      await call("POST", "mesh/config/issuers", { default: issuer });
      return signed;
    },
    seal: async () => void (await call("PUT", "sys/seal", {})),
    unseal,
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}

/** Has an OpenBao take the tokens of a cluster's accounts, which it has the API server review. */
export async function believeCluster(bao: OpenBao, { api, kubeconfig }: StackCluster): Promise<void> {
  const metadata = { name: "openbao" };
  await api.apply("/api/v1/namespaces/openbao", { apiVersion: "v1", kind: "Namespace", metadata });
  const account = "/api/v1/namespaces/openbao/serviceaccounts/openbao";
  await api.apply(account, { apiVersion: "v1", kind: "ServiceAccount", metadata });
  await api.apply("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/openbao", {
    ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", metadata },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:auth-delegator" },
    subjects: [{ kind: "ServiceAccount", name: "openbao", namespace: "openbao" }],
  });
  const { status } = await api.request<{ status: { token: string } }>(`${account}/token`, {
    ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
  });
  const [cluster] = (
    parse(await readFile(kubeconfig, "utf8")) as {
      clusters: readonly [{ cluster: { server: string; "certificate-authority-data": string } }];
    }
  ).clusters;
  await bao.call("POST", "sys/auth/kubernetes", { type: "kubernetes" });
  await bao.call("POST", "auth/kubernetes/config", {
    kubernetes_host: cluster.cluster.server,
    kubernetes_ca_cert: Buffer.from(cluster.cluster["certificate-authority-data"], "base64").toString(),
    token_reviewer_jwt: status.token,
    disable_local_ca_jwt: true,
  });
}

/** Gives the account that the program makes a role of this name, which may do this. @param path of what it may call. */
export async function allowIssuer(bao: OpenBao, role: string, path: string): Promise<void> {
  const policy = `path "${path}" { capabilities = ["update"] }`;
  await bao.call("PUT", `sys/policies/acl/${role}`, { policy });
  await bao.call("POST", `auth/kubernetes/role/${role}`, {
    bound_service_account_names: ["vault-issuer"],
    bound_service_account_namespaces: ["mesh-authority"],
    audience: "vault://mesh-authority/vault",
    token_policies: [role],
    token_ttl: "5m",
  });
}

/** The same by a login of the kind jwt, which knows the keys that the cluster signs tokens with, and asks nobody. */
export async function allowIssuerByKeys(bao: OpenBao, role: string, { api }: StackCluster): Promise<void> {
  const { keys } = await api.get<{ keys: readonly JsonWebKey[] }>("/openid/v1/jwks");
  await bao.call("POST", "sys/auth/jwt", { type: "jwt" });
  await bao.call("POST", "auth/jwt/config", {
    jwt_validation_pubkeys: keys.map((key) =>
      createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" }),
    ),
  });
  await bao.call("POST", `auth/jwt/role/${role}`, {
    role_type: "jwt",
    user_claim: "sub",
    bound_subject: "system:serviceaccount:mesh-authority:vault-issuer",
    bound_audiences: ["vault://mesh-authority/vault"],
    token_policies: [role],
    token_ttl: "5m",
  });
}
