import type * as kubernetes from "@pulumi/kubernetes";
import { type Input } from "@pulumi/pulumi";
import { restricted, restrictedContainer } from "../restricted-pod";
import { type CarrierEnvironment, carrierScript } from "./carrier-script";
import { authoritySecret } from "./place";

type JobSpec = kubernetes.types.input.batch.v1.JobSpec;
type Volume = kubernetes.types.input.core.v1.Volume;

/** Name of what carries, of its account, and of its pods as a label. */
export const carrierName = "carrier";

/** What is not put in by the component's own hand. */
export type CarrierFacts = {
  readonly [
    Name in Exclude<keyof CarrierEnvironment, "AUTHORITY" | "HOME" | "AZURE_FEDERATED_TOKEN_FILE">
  ]: Input<string>;
};

const folders = { authority: "/authority", identity: "/identity", work: "/work" } as const;

/** Of everything in the Secret what the script reads. */
const keys = ["ca.crt", "tls.crt", "tls.key"];

/** What the folders are. The token is for Entra ID alone; no other gets into the pod. */
const sources: Readonly<Record<keyof typeof folders, Omit<Volume, "name">>> = {
  authority: {
    secret: { secretName: authoritySecret, defaultMode: 0o440, items: keys.map((key) => ({ key, path: key })) },
  },
  identity: {
    projected: {
      sources: [
        { serviceAccountToken: { audience: "api://AzureADTokenExchange", expirationSeconds: 3600, path: "token" } },
      ],
    },
  },
  work: { emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
};

/** A job that carries once. Kubernetes tries again with longer and longer pauses: a new role takes Azure minutes. */
export function carrierJob(image: string, facts: CarrierFacts, backoffLimit: number): JobSpec {
  const environment: Readonly<Record<keyof CarrierEnvironment, Input<string>>> = {
    ...facts,
    AUTHORITY: folders.authority,
    HOME: folders.work,
    AZURE_FEDERATED_TOKEN_FILE: `${folders.identity}/token`,
  };
  return {
    backoffLimit,
    activeDeadlineSeconds: 1800,
    template: {
      metadata: { labels: { app: carrierName } },
      spec: {
        ...restricted,
        restartPolicy: "Never",
        serviceAccountName: carrierName,
        automountServiceAccountToken: false,
        nodeSelector: { "kubernetes.io/os": "linux" },
        containers: [
          {
            ...restrictedContainer(carrierName, image),
            command: ["/bin/bash", "-c", carrierScript],
            env: [
              ...Object.entries(environment).map(([name, value]) => ({ name, value })),
              { name: "AZURE_CORE_COLLECT_TELEMETRY", value: "false" },
            ],
            resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
            volumeMounts: Object.entries(folders).map(([name, mountPath]) => ({
              ...{ name, mountPath },
              ...(mountPath !== folders.work && { readOnly: true }),
            })),
          },
        ],
        volumes: Object.entries(sources).map(([name, source]) => ({ name, ...source })),
      },
    },
  };
}
