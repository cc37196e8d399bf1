import { join } from "node:path";
import { type Writable } from "node:stream";
import { type KubernetesObject } from "../control-plane/api-client";
import { portsIn } from "../control-plane/ports";
import { ensureFlagger } from "../tools/flagger";
import { type StackCluster } from "../traffic/cluster";
import { endProgram, startProgram } from "../traffic/side-program";
import { accountKubeconfig } from "./account-kubeconfig";
import { clusterProxy } from "./cluster-proxy";

/** A Flagger that runs. */
export interface RunningFlagger {
  close(): Promise<void>;
}

interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly args?: readonly string[] }[] };
    };
  };
}

/** Where the cluster has it, and as who it runs. */
const place = { namespace: "flagger-system", name: "flagger" };

/**
 * Runs the Flagger that the cluster only pretends to run, as its Deployment has it, and as its service account.
 *
 * @param prometheus address of the Prometheus that runs in the place of the cluster's.
 * @returns nothing where the cluster has none.
 */
export async function openFlagger(
  cluster: StackCluster,
  prometheus: string,
  report: (message: string) => void,
  log: Writable,
): Promise<RunningFlagger | undefined> {
  const path = `/apis/apps/v1/namespaces/${place.namespace}/deployments/${place.name}`;
  const deployment = await cluster.api.find<Deployment>(path);
  if (deployment === undefined) return undefined;
  const program = await ensureFlagger(report);
  const kubeconfig = await accountKubeconfig(cluster, place);
  const { flagger: port } = await portsIn(join(cluster.directory, "flagger-ports.json"), ["flagger"]);
  const said = deployment.spec.template.spec.containers.flatMap(({ args = [] }) => args);
  const args = said.filter((arg) => !arg.startsWith("-port="));
  const proxy = await clusterProxy(prometheus);
  const child = startProgram(program, [...args, `-port=${port}`, `-kubeconfig=${kubeconfig}`], {
    HTTP_PROXY: proxy.address,
  });
  child.stderr?.pipe(log, { end: false });
  return {
    close: async () => {
      await endProgram(child);
      proxy.close();
    },
  };
}
