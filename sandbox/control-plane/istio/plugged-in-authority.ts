import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { ifExists } from "../../../recovery/if-exists";
import { type ApiClient, type KubernetesObject } from "../api-client";
import { type MeshAuthority } from "../types";
import { istioNamespace } from "./settings";

/** Path of the Secret that istiod's pods mount. */
const secretPath = `/api/v1/namespaces/${istioNamespace}/secrets/cacerts`;

/** istiod's volume of the Secret: where it looks in its working directory, which is the control plane's. */
function volume(directory: string): string {
  return path.join(directory, "etc", "cacerts");
}

/** Whether istiod's volume is there: without, kubelet does not start its pods. */
export async function isMounted(directory: string): Promise<boolean> {
  return (await ifExists(readFile(path.join(volume(directory), "ca-key.pem")))) !== undefined;
}

/** Makes the Secret, and brings it into istiod's volume. */
export async function mountAuthority(api: ApiClient, directory: string, authority: MeshAuthority): Promise<void> {
  const data = Object.entries(authority).map(([file, text]) => [file, Buffer.from(text).toString("base64")] as const);
  await api.apply(secretPath, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "cacerts", namespace: istioNamespace },
    type: "Opaque",
    data: Object.fromEntries(data),
  });
  await fillVolume(volume(directory), authority);
}

/** Takes away what {@link mountAuthority} has made. */
export async function unmountAuthority(api: ApiClient, directory: string): Promise<void> {
  await api.remove(secretPath);
  await rm(volume(directory), { recursive: true, force: true });
}

/**
 * Writes files as kubelet does: into a new folder, to which a link is then set, so that a reader sees all of the old files or all of the
 * new ones.
 */
async function fillVolume(folder: string, files: MeshAuthority): Promise<void> {
  const link = path.join(folder, "..data");
  const entries: readonly (readonly [string, string])[] = Object.entries(files);
  const known = await Promise.all(entries.map(([file]) => ifExists(readFile(path.join(link, file), "utf8"))));
  if (entries.every(([, text], index) => known[index] === text)) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = await ifExists(readlink(link));
  const name = `..${Date.now()}`;
  await mkdir(path.join(folder, name), { mode: 0o700 });
  for (const [file, text] of entries) await writeFile(path.join(folder, name, file), text, { mode: 0o600 });
  const temporary = path.join(folder, "..data_tmp");
  await rm(temporary, { force: true });
  await symlink(name, temporary);
  await rename(temporary, link);
  for (const [file] of entries) {
    const shown = path.join(folder, file);
    if ((await ifExists(readlink(shown))) === undefined) await symlink(path.join("..data", file), shown);
  }
  if (before !== undefined) await rm(path.join(folder, before), { recursive: true, force: true });
}

/** Tells at istiod's pods why their volume is not there, in the words of the kubelet. */
export async function reportUnmounted(api: ApiClient, problem: string): Promise<void> {
  const pods = await api.list<KubernetesObject & { metadata: { uid: string } }>(
    `/api/v1/namespaces/${istioNamespace}/pods?labelSelector=app%3Distiod`,
  );
  const now = new Date().toISOString();
  for (const { metadata } of pods) {
    const name = `${metadata.name}.cacerts`;
    await api.apply(`/api/v1/namespaces/${istioNamespace}/events/${name}`, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace: istioNamespace },
      type: "Warning",
      reason: "FailedMount",
      message: `MountVolume.SetUp failed for volume "cacerts" : rpc error: code = Unknown desc = failed to mount secrets store objects for pod ${istioNamespace}/${metadata.name}, err: rpc error: code = Unknown desc = ${problem}`,
      involvedObject: {
        apiVersion: "v1",
        kind: "Pod",
        namespace: istioNamespace,
        name: metadata.name,
        uid: metadata.uid,
      },
      source: { component: "kubelet" },
      lastTimestamp: now,
    });
  }
}
