import { type ClientTlsSettings } from "../kinds";
import { type Refuse } from "./webhook";

const files = ["clientCertificate", "privateKey", "caCertificates", "caCrl"] as const;
type Field = (typeof files)[number] | "credentialName" | "subjectAltNames";

/** What says by whom a server's certificate has to be signed, by mode. A credential of MUTUAL may be the caller's own alone. */
const verifying: Readonly<Partial<Record<string, readonly Field[]>>> = {
  SIMPLE: ["caCertificates", "credentialName", "subjectAltNames"],
  MUTUAL: ["caCertificates", "subjectAltNames"],
};

/** What istiod's webhook refuses of the TLS to a host (pkg/config/validation/agent, ValidateTLS). */
export function checkClientTls(
  tls: ClientTlsSettings | undefined,
  namespace: string,
  path: string,
  refuse: Refuse,
): void {
  if (tls === undefined) return;
  const { mode = "DISABLE", credentialName = "", insecureSkipVerify } = tls;
  const isGiven = (field: Field): boolean => (tls[field] ?? "").length > 0;
  checkConfigMap(credentialName, namespace, `${path}.credentialName`, refuse);
  for (const field of (insecureSkipVerify === true ? verifying[mode] : undefined) ?? [])
    if (isGiven(field))
      refuse(
        "client-tls",
        `${path}.${field}`,
        "is there with insecureSkipVerify, which takes any certificate",
        "keep one of them",
      );
  if ((mode === "SIMPLE" || mode === "MUTUAL") && credentialName !== "") {
    for (const field of files.filter(isGiven))
      refuse("client-tls", `${path}.${field}`, "is there beside credentialName", "put it into the Secret");
    return;
  }
  const missing = (["clientCertificate", "privateKey"] as const).filter((field) => !isGiven(field));
  if (mode === "MUTUAL" && missing.length > 0)
    refuse(
      "client-tls",
      path,
      `is MUTUAL without ${missing.join(" and ")}`,
      "write credentialName, or ISTIO_MUTUAL for the mesh's own certificates",
    );
}

const configMap = "configmap://";

/** ConfigMaps are read in the rule's own namespace alone. */
function checkConfigMap(credential: string, namespace: string, path: string, refuse: Refuse): void {
  if (!credential.startsWith(configMap)) return;
  const [space, name = ""] = credential.slice(configMap.length).split("/");
  if (name === "" || space !== namespace)
    refuse(
      "client-tls",
      path,
      `${JSON.stringify(credential)} is no ConfigMap of the rule's namespace`,
      `write ${configMap}${namespace}/NAME`,
    );
}
