import { stringify } from "yaml";

import { type ControlPlane } from "../../control-plane/types";
import { aksServerApplicationId } from "./control-planes";

/** Entra ID's application for kubectl and kubelogin. */
const KUBECTL_APPLICATION_ID = "80faf920-1908-4b52-b5ef-a8e7bedfc67a";

/** What a user's kubeconfig needs. */
export interface UserKubeconfig {
  readonly clusterName: string;
  readonly resourceGroup: string;
  readonly tenantId: string;
  /** Where kubelogin finds Entra ID: `https://localhost:PORT`. */
  readonly authorityHost: string;
  readonly plane: ControlPlane;
}

/**
 * The kubeconfig of listClusterUserCredential: kubectl asks kubelogin for a token. AAD_LOGIN_METHOD=spn with AZURE_CLIENT_ID and
 * AZURE_CLIENT_SECRET in the environment replaces the login by device code.
 */
export function userKubeconfig(options: UserKubeconfig): string {
  const { clusterName, resourceGroup, tenantId, authorityHost, plane } = options;
  const user = `clusterUser_${resourceGroup}_${clusterName}`;
  const args = [
    ["--environment", "AzurePublicCloud"],
    ["--server-id", aksServerApplicationId],
    ["--client-id", KUBECTL_APPLICATION_ID],
    ["--tenant-id", tenantId],
    ["--login", "devicecode"],
    // Azure has no need of these two: here Entra ID is the emulator. kubelogin demands the trailing slash.
    ["--authority-host", `${authorityHost}/`],
    ["--disable-instance-discovery"],
  ].flat();
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: clusterName,
        cluster: {
          server: plane.server,
          "certificate-authority-data": Buffer.from(plane.certificateAuthority).toString("base64"),
        },
      },
    ],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user } }],
    "current-context": clusterName,
    preferences: {},
    users: [
      {
        name: user,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "kubelogin",
            args: ["get-token", ...args],
            env: null,
            provideClusterInfo: false,
            installHint:
              "\nkubelogin is not installed which is required to connect to AAD enabled cluster.\n\nTo learn more, please go to https://aka.ms/aks/kubelogin\n",
          },
        },
      },
    ],
  });
}
