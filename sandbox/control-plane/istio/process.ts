import { type IstioTools } from "../../tools/istio";
import { type ProcessDefinition } from "../managed-process";
import { type Charts } from "./objects";
import { istiodName, istioNamespace } from "./settings";

/** What istiod listens on: its webhooks, what sidecars ask of it, what tells whether it is ready, and its metrics. */
export const istiodPortNames = ["webhook", "discovery", "http", "monitoring"] as const;

export type IstiodPorts = Readonly<Record<(typeof istiodPortNames)[number], number>>;

/**
 * The real istiod of a revision, outside of the cluster, for the pods that stand for it: with the arguments and the environment of its
 * Deployment, on loopback.
 * @param kubeconfig path of the kubeconfig that it uses.
 */
export function istiodProcess(
  tools: IstioTools,
  revision: string,
  { args, env }: Charts["istiod"],
  ports: IstiodPorts,
  kubeconfig: string,
): ProcessDefinition {
  const name = istiodName(revision);
  const at = (port: keyof IstiodPorts) => `127.0.0.1:${ports[port]}`;
  return {
    name,
    program: tools.path("pilot-discovery"),
    args: [
      // Of a flag that is given twice the last one counts.
      ...args,
      `--kubeconfig=${kubeconfig}`,
      `--httpsAddr=${at("webhook")}`,
      `--secureGRPCAddr=${at("discovery")}`,
      `--httpAddr=${at("http")}`,
      `--monitoringAddr=${at("monitoring")}`,
      "--grpcAddr=",
      // Any port: nobody asks there.
      "--ctrlz_port=0",
    ],
    env: { ...env, KUBECONFIG: kubeconfig, POD_NAME: name, POD_NAMESPACE: istioNamespace, SERVICE_ACCOUNT: name },
  };
}
