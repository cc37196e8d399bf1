import { type ServerTls } from "../kinds";
import { type Refuse } from "./webhook";

/** Modes in which the gateway ends TLS with a certificate of its own. */
const own = ["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"];

/** Whether the gateway ends TLS itself; else it passes it on. PASSTHROUGH is what a mode left out means. */
export function endsTls({ mode = "PASSTHROUGH" }: ServerTls): boolean {
  return mode !== "PASSTHROUGH" && mode !== "AUTO_PASSTHROUGH";
}

/** What istiod's webhook refuses of the certificates of a server (pkg/config/validation, validateTLSOptions). */
export function checkServerTls(tls: ServerTls, path: string, refuse: Refuse): void {
  const { mode = "PASSTHROUGH", credentialName = "", credentialNames = [], tlsCertificates = [] } = tls;
  const { serverCertificate = "", privateKey = "", caCertificates = "", caCrl = "" } = tls;
  const given = {
    serverCertificate: serverCertificate !== "",
    privateKey: privateKey !== "",
    caCertificates: caCertificates !== "",
    tlsCertificates: tlsCertificates.length > 0,
    credentialName: credentialName !== "",
    credentialNames: credentialNames.length > 0,
  };
  if (mode === "ISTIO_MUTUAL") {
    for (const [field, isGiven] of Object.entries(given)) {
      if (isGiven)
        refuse(
          "gateway-certificate",
          `${path}.${field}`,
          "is there with mode ISTIO_MUTUAL",
          "take it out: Istio's own certificates are used",
        );
    }
    return;
  }
  const sources = [
    given.serverCertificate && given.privateKey,
    given.credentialName,
    given.credentialNames,
    given.tlsCertificates,
  ];
  if (sources.filter(Boolean).length > 1)
    refuse(
      "gateway-certificate",
      path,
      "has certificates from several places",
      "keep one of credentialName, credentialNames, tlsCertificates, and serverCertificate with privateKey",
    );
  const isOwn = own.includes(mode);
  if (isOwn && (given.credentialName || given.credentialNames)) return;
  if (isOwn) {
    if (mode !== "SIMPLE" && !given.caCertificates)
      refuse(
        "gateway-certificate",
        path,
        `has mode ${mode} and nothing to know callers by`,
        "write credentialName, or caCertificates",
      );
    const pairs = given.tlsCertificates
      ? tlsCertificates.map((pair, index) => ({ pair, place: `${path}.tlsCertificates[${String(index)}]` }))
      : [{ pair: { serverCertificate, privateKey }, place: path }];
    for (const { pair, place } of pairs) {
      const missing = (["serverCertificate", "privateKey"] as const).filter((field) => (pair[field] ?? "") === "");
      if (missing.length > 0)
        refuse(
          "gateway-certificate",
          place,
          `has mode ${mode} and no ${missing.join(" and no ")}`,
          "write credentialName: the Secret of the certificate in the gateway's namespace",
        );
    }
  }
  if (caCrl !== "" && given.credentialName)
    refuse("gateway-certificate", `${path}.caCrl`, "is there beside credentialName", "put it into the Secret");
  if (caCrl !== "" && mode === "SIMPLE")
    refuse("gateway-certificate", `${path}.caCrl`, "is there with mode SIMPLE", "write mode MUTUAL, or take it out");
}
