import { type ArmContext } from "../context";
import { stringAt } from "../json";

/** Where the store keeps the version of the newest node images, once `POST /_sandbox/releases` has named one. */
export const NODE_IMAGE_KEY = "releases:node-image";

/** Name of the newest node image for an operating system, such as AKSUbuntu-2404gen2containerd-202611.03.0. */
export function newestNodeImage(context: Pick<ArmContext, "store">, osType: string, osSku: string): string {
  const version = stringAt(context.store.get(NODE_IMAGE_KEY), "version");
  if (osType === "Windows") return `AKSWindows-2022-containerd-${version ?? "20348.4297.261105"}`;
  return `${osSku.startsWith("AzureLinux") ? "AKSAzureLinux-V3gen2" : "AKSUbuntu-2404gen2containerd"}-${version ?? "202611.03.0"}`;
}
