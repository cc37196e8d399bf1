import { readFile } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { layout } from "../control-plane/cluster-processes";
import { writeWhole } from "../control-plane/files";
import { type StackCluster } from "../traffic/cluster";

/** How long its token holds: longer than anybody watches traffic. */
const tokenSeconds = 86_400;

interface Kubeconfig {
  readonly users: readonly { readonly name: string; readonly user: object }[];
}

/**
 * Writes a kubeconfig of a service account, with a token as its pods get one: what the account may not do, a program with it cannot either.
 *
 * @returns its path.
 */
export async function accountKubeconfig(
  { api, directory, kubeconfig }: StackCluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const { status } = await api.request<{ readonly status: { readonly token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: tokenSeconds },
    },
  );
  const administrator = parse(await readFile(kubeconfig, "utf8")) as Kubeconfig;
  const users = administrator.users.map((user) => ({ name: user.name, user: { token: status.token } }));
  const file = layout(directory).kubeconfig(name);
  await writeWhole(file, stringify({ ...administrator, users }));
  return file;
}
