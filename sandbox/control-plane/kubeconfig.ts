import { stringify } from "yaml";

/** A kubeconfig with one cluster and one user. */
export function kubeconfig(options: {
  readonly clusterName: string;
  readonly userName: string;
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly certificateAuthority: string;
  /** The user's client certificate or token; none for a server that asks for neither. */
  readonly client?: { readonly certificate: string; readonly key: string } | { readonly token: string };
}): string {
  const { clusterName, userName, client } = options;
  const user =
    client === undefined || "token" in client
      ? client
      : { "client-certificate-data": base64(client.certificate), "client-key-data": base64(client.key) };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: clusterName,
        cluster: { server: options.server, "certificate-authority-data": base64(options.certificateAuthority) },
      },
    ],
    users: [{ name: userName, user: user ?? {} }],
    contexts: [{ name: userName, context: { cluster: clusterName, user: userName } }],
    "current-context": userName,
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
