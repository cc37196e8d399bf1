import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Writable } from "node:stream";
import { type ApiClient, type KubernetesObject, poll } from "../control-plane/api-client";
import { layout } from "../control-plane/cluster-processes";
import { writeWhole } from "../control-plane/files";
import { kedaMetricsServer, kedaNamespace, kedaObjects, kedaPorts } from "../control-plane/keda";
import { type Tools } from "../tools";
import { ensureKeda } from "../tools/keda";
import { type StackCluster } from "../traffic/cluster";
import { endProgram, startProgram, untilReady } from "../traffic/side-program";
import { accountKubeconfig } from "./account-kubeconfig";
import { clusterProxy } from "./cluster-proxy";

/** A KEDA that runs. */
export interface RunningKeda {
  close(): Promise<void>;
}

interface Secret extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** How KEDA signs in where it asks, as far as it matters here. */
export interface TriggerAuthentication extends KubernetesObject {
  readonly spec: { readonly podIdentity?: { readonly provider?: string } };
}

const operator = { namespace: kedaNamespace, name: "keda-operator" };

/** How long Kubernetes may take to find that metrics are served. */
const servedSeconds = 60;

/**
 * Runs the KEDA that the cluster only pretends to run, as its service account, and what Kubernetes scales by its metrics: the real horizontal pod autoscaler. They end
 * with this process, however that ends.
 *
 * @param prometheus address of the Prometheus that runs in the place of the cluster's.
 * @returns nothing where the cluster has none, or nothing that it is to scale, or where it cannot ask, which is reported.
 */
export async function openKeda(
  cluster: StackCluster,
  prometheus: string,
  tools: Tools,
  report: (message: string) => void,
  log: Writable,
): Promise<RunningKeda | undefined> {
  const { api, directory } = cluster;
  const scaled = await api.find<{ readonly items: readonly unknown[] }>("/apis/keda.sh/v1alpha1/scaledobjects");
  const deployment = `/apis/apps/v1/namespaces/${kedaNamespace}/deployments/${operator.name}`;
  if (scaled === undefined || scaled.items.length === 0 || (await api.find(deployment)) === undefined) return undefined;
  const problem = identityProblem(await api.list("/apis/keda.sh/v1alpha1/triggerauthentications"));
  if (problem !== undefined) {
    report(problem);
    return undefined;
  }
  const programs = await ensureKeda(report);
  const [kubeconfig, ports, [service]] = await Promise.all([
    accountKubeconfig(cluster, operator),
    kedaPorts(directory),
    kedaObjects(tools.keda, "api-service"),
  ]);
  if (service === undefined) throw new Error("KEDA's installation has no APIService");
  const proxy = await clusterProxy(prometheus);
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): ChildProcess => {
    const child = startProgram(program, args, {
      ...{ HTTP_PROXY: proxy.address, KUBECONFIG: kubeconfig, WATCH_NAMESPACE: "" },
      // In a pod a file says the second.
      ...{ POD_NAMESPACE: kedaNamespace, KEDA_CLUSTER_OBJECT_NAMESPACE: kedaNamespace },
    });
    child.stderr?.pipe(log, { end: false });
    children.push(child);
    return child;
  };
  const close = async (): Promise<void> => {
    // First: who deletes a namespace asks all servers of the API what there is in it, and waits for those that do not answer.
    await api.remove(service.path);
    await Promise.all(children.map(endProgram));
    proxy.close();
    await releaseObjects(api);
  };
  try {
    await api.apply(service.path, service.object);
    const certificates = join(directory, "keda-certificates");
    const loopback = (port: number): string => `127.0.0.1:${port}`;
    const startOperator = (): ChildProcess =>
      start(programs.operator, [
        "--zap-encoder=console",
        "--zap-time-encoding=rfc3339",
        "--enable-cert-rotation=true",
        `--cert-dir=${certificates}`,
        `--metrics-server-service-name=${kedaMetricsServer}`,
        `--metrics-bind-address=${loopback(ports.operatorMetrics)}`,
        `--health-probe-bind-address=${loopback(ports.operatorHealth)}`,
        `--metrics-service-bind-address=${loopback(ports.metricsService)}`,
      ]);
    // The first makes certificates and ends, so that its pod starts anew and has them.
    if (!(await mountCertificates(api, certificates))) {
      await once(startOperator(), "close");
      if (!(await mountCertificates(api, certificates))) {
        throw new Error("KEDA's operator made no certificates: see traffic.log in the sandbox's logs.");
      }
    }
    startOperator();
    start(programs.adapter, [
      "--bind-address=127.0.0.1",
      `--secure-port=${ports.adapter}`,
      `--port=${ports.adapterMetrics}`,
      `--client-ca-file=${join(certificates, "ca.crt")}`,
      `--tls-cert-file=${join(certificates, "tls.crt")}`,
      `--tls-private-key-file=${join(certificates, "tls.key")}`,
      `--cert-dir=${certificates}`,
      `--metrics-service-address=${loopback(ports.metricsService)}`,
      `--metrics-service-grpc-authority=${operator.name}.${operator.namespace}.svc`,
      ...["authentication", "authorization", "lister"].map((what) => `--${what}-kubeconfig=${kubeconfig}`),
    ]);
    start(tools.path("kube-controller-manager"), [
      `--kubeconfig=${layout(directory).kubeconfig("system:kube-controller-manager")}`,
      "--controllers=horizontal-pod-autoscaler-controller",
      "--use-service-account-credentials=false",
      "--leader-elect=false",
      "--secure-port=0",
      "--profiling=false",
    ]);
    const running = children.filter(({ exitCode }) => exitCode === null);
    await untilReady(`http://${loopback(ports.operatorHealth)}/readyz`, running);
    await poll("Kubernetes reaches KEDA's metrics", servedSeconds, async () => {
      const ended = running.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
      if (ended !== undefined)
        throw new Error(`${ended.spawnargs.at(4) ?? ""} ended: see traffic.log in the sandbox's logs.`);
      return isAvailable(await api.get<KubernetesObject>(service.path)) ? true : undefined;
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

/** Why KEDA cannot ask for the metrics here, in a sentence for a person; undefined where it can: who asks by an identity is answered by Azure's Prometheus alone. */
export function identityProblem(authentications: readonly TriggerAuthentication[]): string | undefined {
  const found = authentications.find(({ spec: { podIdentity = {} } }) => (podIdentity.provider ?? "none") !== "none");
  if (found === undefined) return undefined;
  const { namespace = "", name } = found.metadata;
  return (
    `KEDA does not run, and no Deployment gets other pods: TriggerAuthentication ${namespace}/${name} has it ask Azure's Prometheus as an identity, which the sandbox does not have. ` +
    "Without observability.kedaIdentityClientId in the definition, `npm run sandbox -- up --metrics=cluster` has it ask one in the cluster."
  );
}

/** Lets KEDA's objects go when somebody deletes them: each waits else for the operator, which is no more. */
async function releaseObjects(api: ApiClient): Promise<void> {
  for (const plural of ["scaledobjects", "triggerauthentications"]) {
    for (const { metadata } of await api.list(`/apis/keda.sh/v1alpha1/${plural}`)) {
      const path = `/apis/keda.sh/v1alpha1/namespaces/${metadata.namespace ?? ""}/${plural}/${metadata.name}`;
      await api.mergePatch(path, { metadata: { finalizers: null } });
    }
  }
}

/** Puts the certificates where the programs read them, as kubelet does with the volume of their Secret. @returns whether there are any. */
async function mountCertificates(api: ApiClient, directory: string): Promise<boolean> {
  const secret = await api.find<Secret>(`/api/v1/namespaces/${kedaNamespace}/secrets/kedaorg-certs`);
  const files = Object.entries(secret?.data ?? {});
  if (files.length === 0) return false;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const [name, content] of files)
    await writeWhole(join(directory, name), Buffer.from(content, "base64").toString());
  return true;
}

function isAvailable(
  service: KubernetesObject & {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  },
): boolean {
  return (service.status?.conditions ?? []).some(({ type, status }) => type === "Available" && status === "True");
}
