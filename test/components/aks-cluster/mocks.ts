import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";

import { AksCluster, type AksClusterArgs } from "../../../components/aks-cluster";

/** A resource as the component registers it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

// The test runner's own form of a module cannot be serialised; that the providers can is tested in a process of its own.
const closures = createRequire(__filename)("@pulumi/pulumi/runtime/closure/serializeClosure") as {
  serializeFunction: () => Promise<{ text: string; containsSecrets: boolean }>;
};
closures.serializeFunction = () => Promise.resolve({ text: "", containsSecrets: false });

const subscription = "/subscriptions/00000000-0000-0000-0000-000000000001";

/** What AKS answers to listClusterUserCredential. */
export const userKubeconfig = `apiVersion: v1
kind: Config
current-context: shop
clusters:
  - name: shop
    cluster: { server: "https://shop.example", certificate-authority-data: Zm9v }
contexts:
  - name: shop
    context: { cluster: shop, user: clusterUser }
users:
  - name: clusterUser
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1beta1
        command: kubelogin
        args: [get-token, --environment, AzurePublicCloud, --server-id, "6dae42f8", --login, devicecode, --tenant-id, t]
`;

/** Builds a cluster under Pulumi's mocks and returns it with everything that it registered. */
export async function build(args: AksClusterArgs): Promise<{ cluster: AksCluster; registered: Registered[] }> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs, id }) {
      // The source of a dynamic provider is long and none of the inputs that are looked at here.
      const own = Object.fromEntries(Object.entries(inputs as object).filter(([key]) => key !== "__provider"));
      registered.push({ type, name, inputs: own });
      const principal = `00000000-0000-0000-0000-${Buffer.from(name).toString("hex").slice(0, 12).padEnd(12, "0")}`;
      return {
        id: id ? id : `${subscription}/resourceGroups/shop-group/providers/Test/${type.split(":").pop()}/${name}`,
        state: {
          ...own,
          name: own["agentPoolName"] ?? own["resourceName"] ?? name,
          principalId: principal,
          clientId: principal,
          inlinePools: own["profile"],
        },
      };
    },
    call: () => ({ kubeconfigs: [{ name: "clusterUser", value: Buffer.from(userKubeconfig).toString("base64") }] }),
  });
  try {
    const cluster = new AksCluster("test", args);
    const outputs = Object.values(cluster).filter((value: unknown) => pulumi.Output.isInstance(value));
    await Promise.all(outputs.map(valueOf));
    return { cluster, registered };
  } finally {
    // What is still on its way sets out now, and is waited for: the next test has mocks of its own.
    await setImmediate();
    await pulumi.runtime.disconnect();
  }
}

/** The value of an Output. */
export function valueOf<T>(value: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => value.apply(resolve));
}

/** The inputs of the only resource of a type, named by the end of its type token. */
export function only(registered: readonly Registered[], type: string): Readonly<Record<string, unknown>> {
  const found = registered.filter((candidate) => candidate.type.endsWith(`:${type}`));
  if (found.length !== 1 || !found[0]) {
    throw new Error(`There are ${found.length} resources of the type ${type}.`);
  }
  return found[0].inputs;
}

/** The inputs of all resources of a type. */
export function every(registered: readonly Registered[], type: string): Readonly<Record<string, unknown>>[] {
  return registered.filter((candidate) => candidate.type.endsWith(`:${type}`)).map(({ inputs }) => inputs);
}
