import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type BookstoreCanary, type BookstoreService } from "../../mesh/osm/samples";
import { type GuaranteeRule } from "../../mesh/policy";
import { type IstioMembership, type MeshMigration } from "../mesh-policies";
import { type NamespaceIsolationSettings, type NetworkReach } from "../namespace-isolation";
import { type MeshSettings } from "../open-service-mesh/mesh-settings";
import { type Transform } from "../transform";

/** Where the sample's images come from. */
export interface BookstoreImages {
  /** Registry and organisation of the four demonstration images. Default: `docker.io/openservicemesh`. */
  repository?: string;
  /** Their tag. Default: `v1.2.4`. */
  tag?: string;
  /** Digests that pin them beyond the tag, `sha256:…`, by name: bookbuyer, bookthief, bookstore, bookwarehouse. */
  digests?: Record<string, string>;
  /** Image of the database, with tag or digest. Default: `docker.io/library/mysql:8.0.36`. */
  mysql?: string;
  /** Whole references, with tag or digest, that replace all of the above, by name: the programs and mysql. */
  references?: Record<string, string>;
}

/** CPU and memory of a container, as Kubernetes quantities. */
export interface ContainerResources {
  /** Default: 10m for the demonstration programs, 100m for the database. */
  cpuRequest?: string;
  /** Default: none, so that nothing is throttled. */
  cpuLimit?: string;
  /** Default: 32Mi, 384Mi for the database. */
  memoryRequest?: string;
  /** Default: 64Mi, 768Mi for the database. */
  memoryLimit?: string;
}

/** Storage of the database. */
export interface DatabaseStorage {
  /** Size of its volume, e.g. `1Gi`. */
  size: string;
  /** Default: the cluster's. */
  storageClass?: string;
}

/** What each namespace of the sample gets, beside its place in the mesh. */
export interface SampleNamespaces {
  /** Put before each name, such as `pr-12-`, so that a cluster can hold the sample more than once. Default: none. */
  prefix?: string;
  /** Labels besides the mesh's own. */
  labels?: Record<string, string>;
  /** Annotations besides the mesh's own. */
  annotations?: Record<string, string>;
  /** Resource quota, limit range and network policy of each namespace. Default: none. */
  isolation?: NamespaceIsolationSettings;
  /** What the network policies of single namespaces also let their pods call, by the name without prefix. Default: nothing. */
  reaches?: Record<string, NetworkReach[]>;
}

/** Arguments of `Bookstore`. */
export interface BookstoreArgs {
  /** Its namespaces. Default: bookbuyer, bookthief, bookstore and bookwarehouse, not isolated. */
  namespaces?: SampleNamespaces;
  /** Share of each bookstore version. Default: 50 and 50. */
  canary?: BookstoreCanary;
  /** Whether bookthief may call bookstore: `denied` or `allowed`. Default: `denied`. */
  bookthief?: string;
  /** What has to hold of the sample's policy; a broken one fails the preview. Default: nothing. */
  guarantees?: readonly GuaranteeRule<BookstoreService>[];
  /** Settings of the mesh that it runs in. Default: those that OpenServiceMesh has by itself. Not with `istio`. */
  mesh?: MeshSettings;
  /** It runs in Istio: with another revision its pods are made anew, one after another. Default: it runs in Open Service Mesh. */
  istio?: IstioMembership;
  /** Its cluster is on its way from one mesh to another: pods are made anew. Default: it is not. */
  migration?: MeshMigration;
  /**
   * Kubeconfig of the cluster: with it each `up` and preview ends with a look whether the sample's objects are really there.
   * Default: no look.
   */
  kubeconfig?: pulumi.Input<string>;
  /** Prometheus scrapes the sidecars. Default: true. */
  metrics?: boolean;
  /** Container insights collects the metrics of the sample's namespaces. Default: false. */
  containerInsights?: boolean;
  /** Images of the sample. */
  images?: BookstoreImages;
  /** Pods of each bookstore version, of bookwarehouse, bookbuyer and bookthief, 0 or more. Default: 1. */
  replicas?: number;
  /** Resources by program: bookbuyer, bookthief, bookstore, bookwarehouse, mysql. */
  resources?: Record<string, ContainerResources>;
  /** Keeps the database on a volume. Default: with the pod, as fits a sample. */
  storage?: DatabaseStorage;
  /** Node labels that the pods ask for, beside `kubernetes.io/os: linux`. */
  nodeSelector?: Record<string, string>;
  /** Changes to the children. */
  transform?: {
    /** Each Deployment. */
    deployment?: Transform<kubernetes.types.input.apps.v1.Deployment>;
    /** The database. */
    statefulSet?: Transform<kubernetes.types.input.apps.v1.StatefulSet>;
    /** Each Service. */
    service?: Transform<kubernetes.types.input.core.v1.Service>;
  };
}
