import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiException, KubeConfig, KubernetesObjectApi, type KubernetesObject } from "@kubernetes/client-node";
import { isJsonObject } from "../../mesh/manifests";
import { run } from "../../sandbox/engine";
import { pulumi, type Sandbox } from "../../sandbox/sandbox";

/** Somebody who asks the API server of a stack's cluster. Who it is taken for is said by the cluster's administrator. */
export interface ClusterUser {
  /** Makes an object. */
  create(object: KubernetesObject): Promise<string>;
  /** Runs a command of kubectl, written as one text without quotes. */
  kubectl(command: string): Promise<string>;
}

/** What they are told where it works; else they get the API server's words. */
export const allowed = "allowed";

/**
 * @param user the name that the API server shall take them for. Default: an administrator.
 */
export async function clusterUser(sandbox: Sandbox, stack: string, user?: string): Promise<ClusterUser> {
  const output = await pulumi(sandbox, ["stack", "output", "kubeconfig", "--show-secrets", "--stack", stack]);
  if (output.code !== 0) throw new Error(output.stderr);
  const file = join(sandbox.paths.directory, "kubeconfig-of-user");
  await writeFile(file, output.stdout, { mode: 0o600 });
  const config = new KubeConfig();
  config.loadFromString(await readFile(file, "utf8"));
  const users = config.users.map((one) => ({ ...one, ...(user !== undefined && { impersonateUser: user }) }));
  config.loadFromOptions({ ...config, users, currentContext: config.getCurrentContext() });
  const client = KubernetesObjectApi.makeApiClient(config);
  return {
    create: async (object) => {
      try {
        await client.create(object);
        return allowed;
      } catch (error) {
        if (error instanceof ApiException) return messageOf(error.body);
        throw error;
      }
    },
    kubectl: async (command) => {
      const [before = "", after] = command.split(" -- ");
      const as = user === undefined ? [] : [`--as=${user}`];
      const args = [...before.split(" "), ...as, ...(after === undefined ? [] : ["--", ...after.split(" ")])];
      const { code, stdout, stderr } = await run(sandbox.tools.path("kubectl"), args, {
        cwd: sandbox.paths.directory,
        environment: { ...sandbox.environment, KUBECONFIG: file },
      });
      return code === 0 ? allowed : stdout + stderr;
    },
  };
}

/** The API server's words in its answer. */
function messageOf(body: unknown): string {
  const status: unknown = typeof body === "string" ? JSON.parse(body) : body;
  return isJsonObject(status) ? String(status["message"]) : String(body);
}
