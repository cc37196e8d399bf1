import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { ensureAzureCli, pointAzureCli } from "../../sandbox/arm/azure-cli";
import { openVaultProxy } from "../../sandbox/arm/vault-proxy";
import { type ApiClient } from "../../sandbox/control-plane/api-client";
import { type Exit, run } from "../../sandbox/engine";
import { type Sandbox } from "../../sandbox/sandbox";

const namespace = "mesh-authority";

/** As much of a pod as is stood in for. */
interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly {
    readonly command: readonly [string, ...string[]];
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: {
      readonly secretName: string;
      readonly items: readonly { readonly key: string; readonly path: string }[];
    };
    readonly projected?: {
      readonly sources: readonly {
        readonly serviceAccountToken: { readonly audience: string; readonly path: string };
      }[];
    };
  }[];
}

/** The files of a pod's volumes, by their paths in its container, as the kubelet would bring them. */
async function volumeFiles(
  api: ApiClient,
  pod: PodSpec,
): Promise<readonly (readonly [path: string, content: Buffer])[]> {
  const [container] = pod.containers;
  const files = pod.volumes.map(async ({ name, secret, projected }) => {
    const folder = container?.volumeMounts.find((mount) => mount.name === name)?.mountPath ?? expect.fail(name);
    if (secret !== undefined) {
      const path = `/api/v1/namespaces/${namespace}/secrets/${secret.secretName}`;
      const { data } = await api.get<{ data: Readonly<Record<string, string>> }>(path);
      return secret.items.map(
        (item) => [join(folder, item.path), Buffer.from(data[item.key] ?? "", "base64")] as const,
      );
    }
    const tokens = (projected?.sources ?? []).map(async ({ serviceAccountToken: { audience, path } }) => {
      const { status } = await api.request<{ status: { token: string } }>(
        `/api/v1/namespaces/${namespace}/serviceaccounts/${pod.serviceAccountName}/token`,
        { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: [audience] } },
      );
      return [join(folder, path), Buffer.from(status.token)] as const;
    });
    return Promise.all(tokens);
  });
  return (await Promise.all(files)).flat();
}

/**
 * Runs what the CronJob's pod would run, as a process of this machine: its own command with its own environment, the files of its volumes in a folder, and the real azure-cli, which
 * finds the sandbox's Azure. The sandbox's pods run nothing by themselves.
 */
export async function runCarrier(sandbox: Sandbox, api: ApiClient): Promise<Exit> {
  const path = `/apis/batch/v1/namespaces/${namespace}/cronjobs/carrier`;
  const { spec } = await api.get<{ spec: { jobTemplate: { spec: { template: { spec: PodSpec } } } } }>(path);
  const pod = spec.jobTemplate.spec.template.spec;
  const [container] = pod.containers;
  if (container === undefined) expect.fail("there is no container");
  const root = await mkdtemp(join(sandbox.paths.directory, "carrier-"));
  for (const { mountPath } of container.volumeMounts) await mkdir(join(root, mountPath));
  for (const [file, content] of await volumeFiles(api, pod)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), content);
  }
  const isMounted = (value: string) => container.volumeMounts.some(({ mountPath }) => value.startsWith(mountPath));
  const own = container.env.map(({ name, value }) => [name, isMounted(value) ? join(root, value) : value] as const);
  const cli = await ensureAzureCli(() => undefined);
  const environment = await pointAzureCli(cli, {
    url: `https://localhost:${sandbox.emulator.port}`,
    caFile: sandbox.paths.certificateAuthority,
    configDirectory: join(root, "azure"),
  });
  const vaults = await openVaultProxy(sandbox.emulator.port);
  const [command, ...args] = container.command;
  try {
    return await run(command, args, {
      cwd: root,
      environment: { ...environment, ...vaults.environment, ...Object.fromEntries(own) },
    });
  } finally {
    await vaults.close();
  }
}
