import { type ComponentResourceOptions, type Config } from "@pulumi/pulumi";
import { type Provider } from "@pulumi/kubernetes/provider";
import { PreviewFence } from "../../components/preview-fence";
import { preview } from "../../stacks";
import { previewLabel, type PreviewReach } from "./reach";

/** Who deploys previews, as the API server knows it; undefined where nobody said. */
export function previewIdentity(config: Config): string | undefined {
  return config.get("previewObjectId") || undefined;
}

/** Holds the previews on a stack's cluster to what they may be, where it is the one that previews share and their identity is known. */
export function previewFence(
  name: string,
  stack: string,
  config: Config,
  mesh: "osm" | "istio",
  options: Pick<ComponentResourceOptions, "dependsOn" | "deletedWith"> & { readonly provider: Provider },
): void {
  const user = previewIdentity(config);
  if (user === undefined || stack !== config.require("previewBase")) return;
  new PreviewFence(
    `${name}-previews`,
    {
      user,
      label: previewLabel,
      mesh,
      registries: config.requireObject<string[]>("previewRegistries"),
      isolation: preview.bounds,
      reaches: config.requireObject<PreviewReach[]>("previewReaches"),
    },
    options,
  );
}
