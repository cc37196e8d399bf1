import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { Secret, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bookstoreNamespaces, bookstorePolicy } from "../../mesh/osm/samples";
import { type AccessMatrix, MeshPolicies } from "../mesh-policies";
import { ObjectsInPlace } from "../objects-in-place";
import { transformed } from "../transform";
import { type BookstoreArgs } from "./args";
import { assertBookstoreArgs } from "./validate";
import {
  accountArgs,
  database,
  databaseSecretName,
  deployments,
  isBehind,
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
  /** Who may call whom, as the analysis of policies and workloads tells. */
  public readonly access: pulumi.Output<AccessMatrix>;
  /** Where the sample's Services answer inside the cluster, `host:port`, by name. */
  public readonly addresses: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: BookstoreArgs = {}, opts: BookstoreOptions = {}) {
    super("aks-mesh:index:Bookstore", name, {}, opts);
    assertBookstoreArgs(args);
    const { provider, deletedWith } = opts;
    const { prefix, isolation, reaches, ...metadata } = args.namespaces ?? {};
    const namespaces = bookstoreNamespaces.map((namespace) => ({
      name: namespaceIn(args, namespace),
      metrics: args.metrics,
      ...metadata,
      ...(isolation && { isolation: { ...isolation, reaches: reaches?.[namespace] } }),
    }));
    const names = namespaces.map(({ name }) => name);

    const accounts = sampleAccounts.map((account) => ({ ...account, args: accountArgs(args, account) }));
    const services = sampleServices.map((service) => ({
      ...service,
      args: transformed(args.transform?.service, serviceArgs(args, service)),
    }));
    const databaseArgs = transformed(args.transform?.statefulSet, database(args));
    const programs = deployments(args).map((program) => ({
      ...program,
      args: transformed(args.transform?.deployment, program.args),
    }));

    const policies = new MeshPolicies(
      `${name}-policies`,
      {
        namespaces,
        containerInsightsNamespaces: args.containerInsights === true ? names : undefined,
        policy: {
          // Istio has no patterns for requests.
          ...bookstorePolicy({ ...args, namespacePrefix: prefix, plainRoutes: args.istio !== undefined }),
          mode: args.mesh?.permissiveMode === true ? "permissive" : "strict",
          openEgress: args.istio === undefined ? args.mesh?.egress : args.istio.settings?.egress,
        },
        mesh: args.mesh,
        istio: args.istio,
        migration: args.migration,
        workloads: {
          serviceAccounts: accounts.map((account) => account.args),
          services: services.map((service) => service.args),
          statefulSets: [databaseArgs],
          deployments: programs.map((program) => program.args),
        },
      },
      { parent: this, provider, dependsOn: opts.dependsOn, deletedWith },
    );
    const child = (namespace: string, ...dependsOn: pulumi.Resource[]): pulumi.CustomResourceOptions => ({
      parent: this,
      provider,
      dependsOn: [policies, ...dependsOn],
      deletedWith: policies.createdNamespace(namespaceIn(args, namespace)) ?? deletedWith,
    });

    const identities = accounts.map(
      (account) =>
        new ServiceAccount(`${name}-${account.namespace}-${account.name}`, account.args, child(account.namespace)),
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
    // A Service waits for endpoints: were it begun before its pods, `pulumi up --parallel 1` would wait until its timeout.
    const serve = (service: (typeof services)[number], ...behind: pulumi.Resource[]): Service =>
      new Service(`${name}-${service.name}`, service.args, child(service.namespace, ...behind));
    const mysql = new StatefulSet(`${name}-mysql`, databaseArgs, child("bookwarehouse", ...identities, secret));
    const databases = services.filter((service) => service.name === "mysql").map((service) => serve(service, mysql));
    const running = programs.map((program) => {
      const needs = program.name === "bookwarehouse" ? [mysql, ...databases] : [];
      const options = child(program.namespace, ...identities, ...needs);
      return { ...program, deployment: new Deployment(`${name}-${program.name}`, program.args, options) };
    });
    const fronts = services
      .filter((service) => service.name !== "mysql")
      .map((service) => {
        const behind = running.filter((program) => isBehind(program.name, service.name));
        return serve(service, ...behind.map(({ deployment }) => deployment));
      });
    const hosts = services.map((service) => {
      const host = `${service.name}.${namespaceIn(args, service.namespace)}.svc.cluster.local:${service.port}`;
      return [service.name, host] as const;
    });

    if (args.kubeconfig !== undefined) {
      const workloads = [...identities, secret, mysql, ...running.map(({ deployment }) => deployment)];
      const resources = [...policies.objects, ...workloads, ...fronts, ...databases];
      new ObjectsInPlace(
        `${name}-objects-in-place`,
        { kubeconfig: args.kubeconfig, resources },
        { parent: this, dependsOn: resources, deletedWith },
      );
    }

    this.namespaces = policies.namespaces;
    this.access = policies.access;
    this.addresses = pulumi.all([...fronts, ...databases].map(({ id }) => id)).apply(() => Object.fromEntries(hosts));
    this.registerOutputs({ namespaces: this.namespaces, access: this.access, addresses: this.addresses });
  }
}
