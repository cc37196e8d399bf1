import { type JWK } from "jose";
import { type ControlPlane, type MeshAuthority, type NodePool } from "../control-plane/types";
import { type ClusterBackend, type ClusterSpec } from "./cluster-backend";

/** What was done to one placeholder. */
export interface PlaceholderRecord {
  readonly spec: ClusterSpec;
  pools: readonly NodePool[];
  mesh: boolean;
  /** Revisions of the Istio add-on; none where it is off. */
  istio: readonly string[];
  /** What was last brought of a certificate authority from Key Vault, or why not. */
  authority?: MeshAuthority | { readonly problem: string };
  /** By what its service accounts' tokens are signed. */
  keys: JWK[];
  running: boolean;
  /** Names of the calls, in order. */
  readonly calls: string[];
}

/** Clusters that exist in Azure Resource Manager only: nothing listens at their server's address. */
export interface PlaceholderBackend extends ClusterBackend {
  /** By lower-case cluster id; destroyed ones are gone. */
  readonly clusters: ReadonlyMap<string, PlaceholderRecord>;
}

/** A backend without Kubernetes, for clients that only speak to Azure Resource Manager. */
export function createPlaceholderBackend(): PlaceholderBackend {
  const clusters = new Map<string, PlaceholderRecord>();
  return {
    clusters,
    open(clusterId, spec) {
      const record = clusters.get(clusterId) ?? {
        ...{ spec, pools: [], mesh: false, istio: [], keys: [], running: true, calls: [] },
      };
      record.running = true;
      record.calls.push("open");
      clusters.set(clusterId, record);
      const done = (call: string): Promise<void> => {
        record.calls.push(call);
        return Promise.resolve();
      };
      const server = "https://127.0.0.1:1";
      const plane: ControlPlane = {
        server,
        certificateAuthority: "",
        adminKubeconfig: `apiVersion: v1
kind: Config
clusters: [{name: ${spec.name}, cluster: {server: "${server}"}}]
contexts: [{name: ${spec.name}, context: {cluster: ${spec.name}, user: clusterAdmin}}]
current-context: ${spec.name}
users: [{name: clusterAdmin, user: {token: placeholder}}]
`,
        serviceAccountKeys: () => Promise.resolve({ keys: record.keys }),
        setNodePools(pools) {
          record.pools = pools;
          return done("setNodePools");
        },
        enableOpenServiceMesh() {
          record.mesh = true;
          return done("enableOpenServiceMesh");
        },
        disableOpenServiceMesh() {
          record.mesh = false;
          return done("disableOpenServiceMesh");
        },
        setKeda: () => Promise.resolve(),
        enableStaticEgressGateway: () => done("enableStaticEgressGateway"),
        setIstio(addon) {
          record.istio = addon?.revisions ?? [];
          return Promise.resolve();
        },
        setMeshAuthority(found) {
          record.authority = found;
          return done("setMeshAuthority");
        },
        stop() {
          record.running = false;
          return done("stop");
        },
        destroy() {
          clusters.delete(clusterId);
          return done("destroy");
        },
      };
      return Promise.resolve(plane);
    },
  };
}
