import { type CertificateProvider } from "../../policy/settings";
import { type OsmResource } from "./object";

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
