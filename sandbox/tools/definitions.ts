import { kedaModule, kedaVersion } from "./keda-module";
import { osmEdits } from "./osm-edits";
import { type SourceEdits } from "./source-edits";

/** Files of a Go module that a tool needs at run time; they are copied from the module when the tool is built. */
export interface ModuleFiles {
  /** Path of the module, as required in the tool's go.mod. */
  readonly module: string;
  /** Files or folders inside the module. A folder gives its YAML files. */
  readonly from: readonly string[];
  /** Name of the folder they go to, beside the executables. */
  readonly to: string;
}

/** One Go module of this folder and what is built from it. */
export interface ToolDefinition {
  /** Folder of the Go module, and name in messages. */
  readonly name: string;
  readonly version: string;
  /** Packages to build; the executables are named by Go, after the last part of each. None where only files are wanted. */
  readonly packages: readonly string[];
  /** Values set at link time (`-X`), as the project's own release build does. */
  readonly linkerVariables: Readonly<Record<string, string>>;
  /** Further names of the first executable, which acts as the program it is called as. */
  readonly links: readonly string[];
  /** Go's build tags, which choose parts of it. Default: none. */
  readonly tags?: readonly string[];
  readonly files: readonly ModuleFiles[];
  /** Changes to a required module's source before it is built. */
  readonly edits?: SourceEdits;
  /** About how long the build takes on two cores that do nothing else, downloads included: for the estimate that is shown. */
  readonly seconds: number;
}

const kubernetesVersion = "1.34.4";

/** All tools, longest build first, so that the short ones fill the gap at the end. */
export const toolDefinitions: readonly ToolDefinition[] = [
  {
    name: "kubernetes",
    version: kubernetesVersion,
    packages: ["."],
    linkerVariables: {
      "k8s.io/component-base/version.gitVersion": `v${kubernetesVersion}`,
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "34",
    },
    links: ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"],
    files: [],
    seconds: 270,
  },
  {
    name: "pulumi",
    version: "3.230.0",
    packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
    linkerVariables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.230.0" },
    links: [],
    files: [],
    seconds: 140,
  },
  {
    name: "osm",
    version: "1.2.4",
    packages: ["github.com/openservicemesh/osm/cmd/osm-controller", "github.com/openservicemesh/osm/cmd/osm-injector"],
    linkerVariables: { "github.com/openservicemesh/osm/pkg/version.Version": "v1.2.4" },
    links: [],
    files: [{ module: "github.com/openservicemesh/osm", from: ["cmd/osm-bootstrap/crds"], to: "osm-crds" }],
    edits: osmEdits,
    seconds: 110,
  },
  {
    name: "kwok",
    version: "0.8.0",
    packages: ["sigs.k8s.io/kwok/cmd/kwok"],
    linkerVariables: {},
    links: [],
    files: [
      {
        module: "sigs.k8s.io/kwok",
        from: [
          "kustomize/stage/node/fast/node-initialize.yaml",
          "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
          "kustomize/stage/pod/fast/pod-ready.yaml",
          "kustomize/stage/pod/fast/pod-complete.yaml",
          "kustomize/stage/pod/fast/pod-delete.yaml",
        ],
        to: "kwok-stages",
      },
    ],
    seconds: 80,
  },
  {
    // What every cluster with the add-on has in it. Its programs are built by who runs them, see keda.ts.
    name: "keda",
    version: kedaVersion,
    packages: [],
    linkerVariables: {},
    links: [],
    files: [
      { module: kedaModule, from: ["config/crd/bases"], to: "keda/definitions" },
      {
        module: kedaModule,
        from: ["config/service_account/service_account.yaml", "config/rbac/role.yaml", "config/rbac/role_binding.yaml"],
        to: "keda/account",
      },
      { module: kedaModule, from: ["config/manager/manager.yaml", "config/manager/service.yaml"], to: "keda/operator" },
      {
        module: kedaModule,
        from: ["deployment.yaml", "role.yaml", "role_binding.yaml", "service.yaml"].map(
          (file) => `config/metrics-server/${file}`,
        ),
        to: "keda/metrics-server",
      },
      { module: kedaModule, from: ["config/metrics-server/api_service.yaml"], to: "keda/api-service" },
    ],
    seconds: 2,
  },
  {
    name: "kubelogin",
    version: "0.2.13",
    packages: ["github.com/Azure/kubelogin"],
    linkerVariables: {},
    links: [],
    files: [],
    // With the clients of Kubernetes that come with it.
    seconds: 10,
  },
  {
    name: "pulumi-language-nodejs",
    version: "3.68.0",
    packages: ["github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"],
    linkerVariables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.68.0" },
    links: [],
    files: [],
    seconds: 15,
  },
  {
    name: "service-proxy",
    version: "1",
    packages: ["."],
    linkerVariables: {},
    links: [],
    files: [],
    seconds: 3,
  },
];
