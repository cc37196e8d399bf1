import { type OsmResource } from "./object";

/** OSM's own certificate authority. */
export interface TresorProvider {
  /** Secret that holds the root certificate and its key. */
  readonly ca: { readonly secretRef: { readonly name: string; readonly namespace: string } };
}

/** HashiCorp Vault. */
export interface VaultProvider {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  readonly role: string;
  readonly protocol: "http" | "https";
  /** Secret that holds Vault's token. */
  readonly token: {
    readonly secretKeyRef: { readonly name: string; readonly key: string; readonly namespace: string };
  };
}

/** cert-manager. */
export interface CertManagerProvider {
  readonly issuerName: string;
  readonly issuerKind: "Issuer" | "ClusterIssuer";
  /** For example `cert-manager.io`. */
  readonly issuerGroup: string;
}

/** Exactly one provider. */
export type CertificateProvider =
  | { readonly tresor: TresorProvider; readonly vault?: never; readonly certManager?: never }
  | { readonly vault: VaultProvider; readonly tresor?: never; readonly certManager?: never }
  | { readonly certManager: CertManagerProvider; readonly tresor?: never; readonly vault?: never };

/** Specification of a MeshRootCertificate. */
export interface MeshRootCertificateSpec {
  /** Suffix of every identity: `<account>.<namespace>.<trust domain>`. Default: `cluster.local`. */
  readonly trustDomain?: string;
  readonly provider: CertificateProvider;
}

/**
 * Who issues the mesh's certificates. The controller reads it only when it runs with `--enable-mesh-root-certificate`,
 * which neither OSM's chart nor the AKS add-on sets.
 *
 * Source: pkg/apis/config/v1alpha2/meshrootcertificate.go of OSM 1.2.4.
 */
export type MeshRootCertificate = OsmResource<
  "config.openservicemesh.io/v1alpha2",
  "MeshRootCertificate",
  MeshRootCertificateSpec
>;
