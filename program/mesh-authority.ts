import { type Output, RunError } from "@pulumi/pulumi";
import { type AksCluster } from "../components/aks-cluster";
import { MeshAuthority, type MeshAuthorityOptions } from "../components/mesh-authority";
import { type StackDefinition } from "./definition";
import { type Settings } from "./settings";

/** Whose authority is made, and where. */
interface StackAuthorityArgs {
  readonly name: string;
  readonly definition: StackDefinition;
  readonly settings: Pick<Settings, "location">;
  readonly tags: Readonly<Record<string, string>>;
  readonly resourceGroupName: Output<string>;
  readonly cluster: AksCluster;
}

/**
 * Looks whether a stack's mesh takes an authority from cert-manager, before anything is made.
 *
 * @throws RunError where it does not.
 */
export function assertAuthority(
  { mesh, meshMigration }: Pick<Settings, "mesh" | "meshMigration">,
  { istio }: Pick<StackDefinition, "istio">,
): void {
  if (mesh !== "osm" || meshMigration !== undefined || istio?.addOn?.certificateAuthority?.issuedBy === undefined)
    return;
  throw new RunError(
    "istio.addOn.certificateAuthority.issuedBy: the mesh is osm, whose add-on signs by an authority of its own, always: AKS fixes the arguments of its controller. Take " +
      "issuedBy out of the stack's definition, or make a stack with `pulumi config set mesh istio` (docs/certificates.md).",
  );
}

/** What has cert-manager issue the authority of a stack's Istio, where its definition says so. */
export function meshAuthority(
  { name, definition: { istio }, settings, tags, resourceGroupName, cluster }: StackAuthorityArgs,
  options: MeshAuthorityOptions,
): MeshAuthority | undefined {
  const authority = istio?.addOn?.certificateAuthority;
  const issuedBy = authority?.issuedBy;
  if (authority === undefined || issuedBy === undefined) return undefined;
  return new MeshAuthority(
    `${name}-authority`,
    {
      ...{ clusterName: name, resourceGroupName, location: settings.location, tags },
      ...{ kubeconfig: cluster.kubeconfig, oidcIssuerUrl: cluster.oidcIssuerUrl },
      certificateAuthority: { ...authority, issuedBy },
      sidecarCertificateDuration: sidecarDuration(istio?.settings),
    },
    options,
  );
}

/** How long sidecars' certificates hold, where the mesh's settings say it. */
function sidecarDuration(settings: NonNullable<StackDefinition["istio"]>["settings"]): string | undefined {
  const metadata = settings?.sidecar?.other?.proxyMetadata;
  if (typeof metadata !== "object" || metadata === null || !("SECRET_TTL" in metadata)) return undefined;
  return String(metadata.SECRET_TTL);
}
