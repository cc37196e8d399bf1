import { type CertificateIssuerArgs, type IstioAuthorityIssuanceArgs } from "./args";
import { durationSeconds } from "./durations";

/** What cert-manager is asked for, with its defaults. */
export interface Issuance {
  readonly issuer: { readonly name: string; readonly kind: string; readonly group: string };
  readonly duration: string;
  readonly renewBefore: string;
}

/** cert-manager's own group. */
export const certManagerGroup = "cert-manager.io";

/** The issuer that is made where Vault signs. */
const vaultIssuer: CertificateIssuerArgs = { name: "vault", kind: "Issuer" };

/** What cert-manager is asked for. */
export function issuanceOf({ issuer, duration = "2160h", renewBefore }: IstioAuthorityIssuanceArgs): Issuance {
  const { name, kind = "ClusterIssuer", group = certManagerGroup } = issuer ?? vaultIssuer;
  const half = Math.floor((durationSeconds(duration) ?? 0) / 2);
  return { issuer: { name, kind, group }, duration, renewBefore: renewBefore ?? `${half}s` };
}
