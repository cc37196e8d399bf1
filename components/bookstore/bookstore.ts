import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { Secret, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bookstoreNamespaces, bookstorePolicies, bookstoreServices } from "../../mesh/osm/samples";
import { type AccessRow } from "../../mesh/osm/stated-access";
import { MeshPolicies, policiesByKind } from "../mesh-policies";
import { transformed } from "../transform";
import { type BookstoreArgs } from "./args";
import { assertBookstoreArgs } from "./validate";
import {
  database,
  databaseSecretName,
  deployments,
  namespaceIn,
  sampleAccounts,
  sampleServices,
  serviceArgs,
} from "./workloads";

/** Options of {@link Bookstore}. */
export interface BookstoreOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * OSM's sample application, whole: namespaces in the mesh, its policies, then its workloads. Bookbuyer buys at two versions
 * of bookstore, these restock at bookwarehouse, which keeps its books in mysql; bookthief would like to steal.
 */
export class Bookstore extends pulumi.ComponentResource {
  /** Names of the sample's namespaces, known once they are in the mesh and their policies hold. */
  public readonly namespaces: pulumi.Output<string[]>;
  /** Who may call whom, as the policies say. */
  public readonly access: pulumi.Output<AccessRow[]>;
  /** Where the sample's Services answer inside the cluster, `host:port`, by name. */
  public readonly addresses: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: BookstoreArgs = {}, opts: BookstoreOptions = {}) {
    super("aks-mesh:index:Bookstore", name, {}, opts);
    assertBookstoreArgs(args);
    const { provider, deletedWith } = opts;
    const { prefix, ...settings } = args.namespaces ?? {};
    const names = bookstoreNamespaces.map((namespace) => namespaceIn(args, namespace));

    const policies = new MeshPolicies(
      `${name}-policies`,
      {
        namespaces: names.map((namespace) => ({ name: namespace, metrics: args.metrics, ...settings })),
        services: bookstoreServices.map((service) => namespaceIn(args, service)),
        containerInsightsNamespaces: args.containerInsights === true ? names : undefined,
        ...policiesByKind(bookstorePolicies({ ...args, namespacePrefix: prefix })),
      },
      { parent: this, provider, dependsOn: opts.dependsOn, deletedWith },
    );
    const child = (namespace: string, ...dependsOn: pulumi.Resource[]): pulumi.CustomResourceOptions => ({
      parent: this,
      provider,
      dependsOn: [policies, ...dependsOn],
      deletedWith: policies.createdNamespace(namespaceIn(args, namespace)) ?? deletedWith,
    });

    const accounts = sampleAccounts.map(
      (account) =>
        new ServiceAccount(
          `${name}-${account.namespace}-${account.name}`,
          {
            metadata: { ...account, namespace: namespaceIn(args, account.namespace) },
            automountServiceAccountToken: false,
          },
          child(account.namespace),
        ),
    );
    const secret = new Secret(
      `${name}-mysql-password`,
      {
        metadata: { name: databaseSecretName, namespace: namespaceIn(args, "bookwarehouse") },
        // Compiled into bookwarehouse, so anybody can know it; kept as a secret all the same.
        stringData: { "root-password": pulumi.secret("mypassword") },
      },
      child("bookwarehouse"),
    );
    const hosts = sampleServices.map((service) => {
      const resource = new Service(
        `${name}-${service.name}`,
        transformed(args.transform?.service, serviceArgs(args, service)),
        child(service.namespace),
      );
      const host = `${service.name}.${namespaceIn(args, service.namespace)}.svc.cluster.local:${service.port}`;
      return resource.id.apply(() => [service.name, host] as const);
    });
    const mysql = new StatefulSet(
      `${name}-mysql`,
      transformed(args.transform?.statefulSet, database(args)),
      child("bookwarehouse", ...accounts, secret),
    );
    for (const { name: workload, namespace, args: deployment } of deployments(args)) {
      new Deployment(
        `${name}-${workload}`,
        transformed(args.transform?.deployment, deployment),
        child(namespace, ...accounts, ...(workload === "bookwarehouse" ? [mysql] : [])),
      );
    }

    this.namespaces = policies.namespaces;
    this.access = policies.access;
    this.addresses = pulumi.all(hosts).apply((entries) => Object.fromEntries(entries));
    this.registerOutputs({ namespaces: this.namespaces, access: this.access, addresses: this.addresses });
  }
}
