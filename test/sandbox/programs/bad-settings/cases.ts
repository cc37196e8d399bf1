/** A component with one wrong setting, and what the error has to say: where it is, and what to write instead. */
export interface BadSetting {
  readonly title: string;
  readonly component: "cluster" | "azure" | "feature" | "mesh" | "policies" | "application";
  /** Laid over right arguments. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly names: string;
  readonly remedy: RegExp;
}

const pools = (first: object, second: object = {}) => ({
  nodePools: [
    { name: "system", mode: "System", vmSize: "Standard_D4ds_v5", ...first },
    { name: "user", mode: "User", vmSize: "Standard_D4ds_v5", ...second },
  ],
});

const cluster = (title: string, args: object, names: string, remedy: RegExp): BadSetting => ({
  title,
  component: "cluster",
  args: { ...args },
  names,
  remedy,
});

/** What only Azure knows: the same arguments, asked about there. */
const azure = (title: string, args: object, names: string, remedy: RegExp): BadSetting => ({
  ...cluster(title, args, names, remedy),
  component: "azure",
});

const resource = (type: string, name: string) =>
  `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/${type}/${name}`;

const target = { namespace: "shop", name: "target" };
const goodSpec = {
  destination: { kind: "ServiceAccount", name: "server", namespace: "shop" },
  sources: [{ kind: "ServiceAccount", name: "client", namespace: "shop" }],
  rules: [{ kind: "HTTPRouteGroup", name: "routes", matches: ["all"] }],
};
const routes = {
  metadata: { namespace: "shop", name: "routes" },
  spec: { matches: [{ name: "all", methods: ["GET"] }] },
};

const policies = (title: string, args: object, names: string, remedy: RegExp): BadSetting => ({
  title,
  component: "policies",
  args: { httpRouteGroups: [routes], ...args },
  names,
  remedy,
});

const withSpec = (spec: object) => ({ trafficTargets: [{ metadata: target, spec: { ...goodSpec, ...spec } }] });
const withMatch = (match: object) => ({
  httpRouteGroups: [{ ...routes, spec: { matches: [{ name: "all", methods: ["GET"], ...match }] } }],
});

const application = (
  title: string,
  args: Readonly<Record<string, unknown>>,
  names: string,
  remedy: RegExp,
): BadSetting => ({
  title,
  component: "application",
  args,
  names,
  remedy,
});

const ofIstio = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "cart", namespace: "shop" },
  spec: {},
};

export const badSettings: readonly BadSetting[] = [
  cluster("a cluster name with a blank", { name: "my shop" }, "name", /letters, digits/),
  cluster("a reserved word in the name", { name: "my-microsoft-shop" }, "name", /leave it out/),
  cluster("a DNS prefix with a dot", { dnsPrefix: "shop.eu" }, "dnsPrefix", /1 to 54/),
  cluster("an unknown tier", { tier: "Paid" }, "tier", /Free, Standard, Premium/),
  cluster("cost analysis in the free tier", { costAnalysis: true, tier: "Free" }, "costAnalysis", /tier/),
  cluster("an unknown mesh", { mesh: "Linkerd" }, "mesh", /OpenServiceMesh/),
  cluster(
    "an Istio revision under OSM",
    { mesh: "OpenServiceMesh", istio: { revisions: ["asm-1-27"] } },
    "istio",
    /mesh/,
  ),
  cluster("an unknown login", { kubeconfigLogin: "password" }, "kubeconfigLogin", /AzureCli/),
  cluster(
    "an address where a range belongs",
    { apiServer: { authorizedIpRanges: ["office"] } },
    "authorizedIpRanges",
    /CIDR|203\.0|\/\d/,
  ),
  cluster(
    "authorised ranges on a private cluster",
    { apiServer: { privateCluster: true, authorizedIpRanges: ["203.0.113.0/24"] } },
    "authorizedIpRanges",
    /private/i,
  ),
  cluster("overlay without azure", { network: { plugin: "kubenet", mode: "overlay" } }, "network", /azure/),
  cluster("cilium without azure", { network: { plugin: "none", policy: "cilium" } }, "network", /azure/),
  cluster("a pod range that is none", { network: { podCidr: "10.244.0.0" } }, "network.podCidr", /10\.|CIDR/),
  cluster(
    "a DNS address outside the services",
    { network: { dnsServiceIp: "10.9.0.10" } },
    "network.dnsServiceIp",
    /inside|10\.0/,
  ),
  cluster(
    "encryption of etcd without an identity of its own",
    {
      identity: { kind: "SystemAssigned" },
      security: { kms: { keyId: "https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef" } },
    },
    "security.kms",
    /UserAssigned/,
  ),
  cluster(
    "workload identity without an issuer",
    { security: { workloadIdentity: true, oidcIssuer: false } },
    "security",
    /oidcIssuer/,
  ),
  cluster(
    "an image cleaner that never rests",
    { security: { imageCleanerIntervalHours: 1 } },
    "imageCleanerIntervalHours",
    /24/,
  ),
  cluster("too short a retention", { monitoring: { retentionDays: 7 } }, "monitoring.retentionDays", /30 to 730/),
  cluster(
    "a patch version on the patch channel",
    { kubernetesVersion: "1.34.2", upgrades: { channel: "patch" } },
    "kubernetesVersion",
    /1\.34/,
  ),
  cluster(
    "node images under another node channel",
    { upgrades: { channel: "node-image", nodeOsChannel: "SecurityPatch" } },
    "upgrades",
    /NodeImage/,
  ),
  cluster(
    "a window that is too short",
    { upgrades: { clusterWindow: { dayOfWeek: "Sunday", startTime: "01:00", durationHours: 2 } } },
    "durationHours",
    /4/,
  ),
  cluster("no pool at all", { nodePools: [] }, "nodePools", /System/),
  cluster("no system pool", pools({ mode: "User" }), "nodePools", /System/),
  cluster("a pool name in capitals", pools({ name: "System" }), "nodePools[0].name", /lower-case/),
  cluster("two pools of one name", pools({}, { name: "system" }), "nodePools[1].name", /name/),
  cluster("fewer nodes at most than at least", pools({ minCount: 5, maxCount: 3 }), "nodePools[0]", /maxCount/),
  cluster(
    "a start outside the autoscaler's bounds",
    pools({ minCount: 3, maxCount: 5, count: 7 }),
    "nodePools[0].count",
    /3 to 5/,
  ),
  cluster("five pods a node", pools({ maxPods: 5 }), "nodePools[0].maxPods", /10 to 250|250/),
  cluster("a zone called west", pools({ zones: ["west"] }), "nodePools[0].zones", /1/),
  cluster(
    "Windows nodes under OSM",
    { mesh: "OpenServiceMesh", ...pools({}, { name: "win", osSku: "Windows2022" }) },
    "nodePools[1]",
    /Linux|AzureLinux|mesh/,
  ),
  cluster("a spot system pool", pools({ spot: true }), "nodePools[0].spot", /User/),
  cluster(
    "autoprovisioning beside the autoscaler",
    { scaling: { nodeAutoprovisioning: true } },
    "nodeAutoprovisioning",
    /autoscale/,
  ),
  cluster(
    "a version that the mesh does not run on",
    { kubernetesVersion: "1.37", mesh: "OpenServiceMesh" },
    "kubernetesVersion",
    /Write 1\.36/,
  ),
  cluster(
    "a node resource group whose name gets too long",
    { name: "a-shop-with-quite-a-long-name-in-a-group-of-the-same", resourceGroupName: "a-group-of-quite-some-length" },
    "nodeResourceGroup",
    /80.*name of its own|shorter/,
  ),
  azure("a region that does not exist", { location: "westeurop" }, "location", /Write westeurope/),
  azure("zones in a region without", { location: "ukwest" }, "nodePools[0].zones", /Write \[\]/),
  azure(
    "a version that is gone",
    { kubernetesVersion: "1.30" },
    "kubernetesVersion",
    /Write one of 1\.34, 1\.35 or 1\.36/,
  ),
  azure("a version in long-term support", { kubernetesVersion: "1.33" }, "kubernetesVersion", /long-term.*1\.36/),
  azure("a size that is not there", pools({ vmSize: "Standard_D4ds_v55" }), "nodePools[0].vmSize", /Standard_D4ds_v5/),
  azure(
    "a size that one has to ask for",
    pools({}, { vmSize: "Standard_NC24ads_A100_v4" }),
    "nodePools[1].vmSize",
    /Write/,
  ),
  azure(
    "a size too small for a system pool",
    pools({ vmSize: "Standard_B1s", osDiskType: "Managed" }),
    "nodePools[0].vmSize",
    /2 vCPU and 4 GiB/,
  ),
  azure("a size without a disk of its own", pools({ vmSize: "Standard_D4s_v5" }), "nodePools[0].osDiskType", /Managed/),
  azure("more nodes than the quota", pools({}, { minCount: 60 }), "nodePools", /need \d+ vCPUs.*quota.*200/),
  azure(
    "a subnet that does not exist",
    { network: { nodeSubnetId: resource("Microsoft.Network", "virtualNetworks/v/subnets/s") } },
    "network.nodeSubnetId",
    /There is no such subnet/,
  ),
  azure(
    "a disk encryption set that does not exist",
    { diskEncryptionSetId: resource("Microsoft.Compute", "diskEncryptionSets/d") },
    "diskEncryptionSetId",
    /There is no such disk encryption set/,
  ),
  { title: "a timeout that is none", component: "feature", args: { timeout: "soon" }, names: "timeout", remedy: /30m/ },
  {
    title: "a certificate's life without a unit",
    component: "mesh",
    args: { settings: { certificate: { validityDuration: "24" } } },
    names: "validityDuration",
    remedy: /24h|duration/,
  },
  {
    title: "a weak certificate key",
    component: "mesh",
    args: { settings: { certificate: { keyBitSize: 512 } } },
    names: "keyBitSize",
    remedy: /2048/,
  },
  {
    title: "an excluded range that is none",
    component: "mesh",
    args: { settings: { outboundIpRangeExclusions: ["fe80::/10"] } },
    names: "outboundIpRangeExclusions",
    remedy: /IPv4/,
  },
  policies(
    "a namespace with a capital letter",
    { namespaces: [{ name: "Shop" }], httpRouteGroups: [] },
    "name",
    /lower-case|DNS/,
  ),
  policies(
    "a target outside its destination's namespace",
    withSpec({ destination: { ...goodSpec.destination, namespace: "other" } }),
    "destination.namespace",
    /shop/,
  ),
  policies("a target without rules", withSpec({ rules: [] }), "rules", /HTTPRouteGroup|rule/),
  policies(
    "a rule without matches",
    withSpec({ rules: [{ kind: "HTTPRouteGroup", name: "routes" }] }),
    "matches",
    /matches/,
  ),
  policies(
    "a match that does not exist",
    withSpec({ rules: [{ kind: "HTTPRouteGroup", name: "routes", matches: ["none"] }] }),
    "matches",
    /all/,
  ),
  policies("a path that RE2 refuses", withMatch({ pathRegex: "/books/(?=secret)" }), "pathRegex", /RE2|\(\?=/),
  policies("a method that is none", withMatch({ methods: ["FETCH"] }), "methods", /GET/),
  policies(
    "a split of nothing",
    {
      trafficSplits: [
        {
          metadata: { namespace: "shop", name: "split" },
          spec: { service: "root", backends: [{ service: "a", weight: 0 }] },
        },
      ],
    },
    "weight",
    /0|zero/,
  ),
  policies(
    "an upstream that is no host",
    { upstreamTrafficSettings: [{ metadata: { namespace: "shop", name: "limits" }, spec: { host: "server" } }] },
    "host",
    /svc\.cluster\.local/,
  ),
  application("a prefix that begins no name", { namespaces: { prefix: "PR-" } }, "namespaces.prefix", /lower-case/),
  application("a policy of the other mesh", { manifests: [ofIstio] }, "AuthorizationPolicy shop/cart", /mesh to istio/),
  application(
    "an image that nothing runs",
    { images: { "registry.example/cart": "registry.example/cart:1" } },
    "images",
    /no container/,
  ),
  application("a front that there is not", { front: "shop/cart" }, "front", /there are none/),
];
