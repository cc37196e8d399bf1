import { durationSeconds } from "../durations";
import { certManagerGroup, issuanceOf } from "../issuance";
import { type ClusterSettings } from "../settings";
import { must, type Problem, quoted } from "./problem";

/** What cert-manager takes at the least, in seconds. */
const least = { duration: 3600, renewBefore: 300 } as const;

/** cert-manager's own kinds of issuers. */
const kinds: readonly string[] = ["Issuer", "ClusterIssuer"];

/** The certificate of the mesh's authority that cert-manager is to issue. */
export function issuanceProblems({ istio, security }: ClusterSettings): Problem[] {
  const authority = istio?.certificateAuthority;
  const issuedBy = authority?.issuedBy;
  if (authority === undefined || issuedBy === undefined) return [];
  const at = "istio.certificateAuthority.issuedBy";
  const { rootCertificate, certificate, key, certificateChain } = authority;
  const secrets = [rootCertificate, certificate, key, certificateChain].map((name) => name.toLowerCase());
  const { issuer, duration, renewBefore } = issuanceOf(issuedBy);
  const { certManager = "chart" } = issuedBy;
  return [
    ...must(
      security.oidcIssuer,
      at,
      "needs security.oidcIssuer, by which Entra ID knows the job that writes into the vault. Write oidcIssuer: true, or leave issuedBy out.",
    ),
    ...must(
      new Set(secrets).size === secrets.length,
      "istio.certificateAuthority",
      `names one secret twice (${secrets.join(", ")}), and each of the four has a value of its own. Write four names.`,
    ),
    ...must(
      (issuedBy.issuer === undefined) !== (issuedBy.vault === undefined),
      at,
      issuedBy.vault === undefined
        ? 'names nobody who signs. Write issuer: { name: "…" } of an issuer of yours, or vault: { server, path, role }.'
        : "has issuer and vault, and one of them signs. Leave the other out.",
    ),
    ...must(
      issuer.group !== certManagerGroup || kinds.includes(issuer.kind),
      `${at}.issuer.kind`,
      `is ${quoted(issuer.kind)}, which ${certManagerGroup} has not. Write Issuer or ClusterIssuer, or the kind's own group as issuer.group.`,
    ),
    ...must(
      certManager === "chart" || certManager === "present",
      `${at}.certManager`,
      `is ${quoted(certManager)}. Write "chart" to have it installed, or "present" where somebody else installs it.`,
    ),
    ...(["duration", "renewBefore"] as const).flatMap((field) => {
      const written = issuedBy[field];
      const seconds = written === undefined ? undefined : durationSeconds(written);
      if (written === undefined) return [];
      return must(
        seconds !== undefined && seconds >= least[field],
        `${at}.${field}`,
        seconds === undefined
          ? `is ${quoted(written)}. Write hours, minutes and seconds, such as 2160h: cert-manager knows no days.`
          : `is ${quoted(written)}, and cert-manager takes nothing below ${least[field] / 60}m. Write more, such as 1080h.`,
      );
    }),
    ...must(
      (durationSeconds(renewBefore) ?? 0) < (durationSeconds(duration) ?? Infinity),
      `${at}.renewBefore`,
      `is ${quoted(renewBefore)}, and a certificate holds ${duration}: it would be renewed without end. Write less, such as half of it.`,
    ),
  ];
}
