import { type Json } from "../../../../sandbox/arm/json";

/** One azure-cli command and how it has to end. */
export interface Command {
  /** What stands after `az`. `SUB`, `APP` and `DIR` stand for the subscription, the service principal and a folder for files. */
  readonly az: string;
  /** It has to fail, and to say this. Default: it has to succeed. */
  readonly fails?: RegExp;
  /** What it prints. */
  readonly prints?: RegExp;
  /** What `--query` has to give, and the query. */
  readonly query?: string;
  readonly gives?: Json;
}

const works = (az: string): Command => ({ az });
const gives = (az: string, query: string, value: Json): Command => ({ az, query, gives: value });
const prints = (az: string, text: RegExp): Command => ({ az, prints: text });
const fails = (az: string, text: RegExp): Command => ({ az, fails: text });

const group = "-g week";
const main = `${group} -n main`;
const plain = `${group} -n plain`;
const pool = `${group} --cluster-name main -n apps`;
const inMain = `${group} --cluster-name main`;
const id = "/subscriptions/SUB/resourceGroups/week/providers";

const beginning: Command[] = [
  prints("account list -o table", /Sandbox/),
  prints("account list-locations -o table", /westeurope/),
  works("group create -n week -l westeurope --tags team=mesh"),
  prints("group list -o table", /^week\s+westeurope\s+Succeeded/m),
  prints("group exists -n week", /true/),
  works("feature register --namespace Microsoft.ContainerService --name AKS-OpenServiceMesh"),
  prints("feature list -o table --namespace Microsoft.ContainerService", /AKS-OpenServiceMesh/),
  works("provider register --wait --namespace Microsoft.ContainerService"),
  prints("provider show -n Microsoft.ContainerService -o table", /Registered/),
  prints("aks get-versions -l westeurope -o table", /1\.36\.3\s+KubernetesOfficial/),
  gives("aks get-versions -l westeurope", "values[?isDefault].version", ["1.35"]),
  prints("aks mesh get-revisions -l westeurope -o table", /asm-1-30/),
  gives("aks trustedaccess role list -l westeurope", "length(@)", 0),
  fails("aks show -g nowhere -n none", /ResourceGroupNotFound/),
  fails("aks show -g week -n none", /ResourceNotFound/),
  works("monitor log-analytics workspace create -g week -n logs"),
  prints("monitor log-analytics workspace list -g week -o table", /logs/),
  works("identity create -g week -n own"),
  prints("identity list -g week -o table", /own/),
  works(
    "network vnet create -g week -n net --address-prefixes 10.0.0.0/8 --subnet-name nodes --subnet-prefixes 10.240.0.0/16",
  ),
  works("network vnet subnet list -g week --vnet-name net -o table"),
  works("acr create -g week -n weekregistry --sku Basic"),
  prints("acr list -g week -o table", /weekregistry/),
];

const creation: Command[] = [
  {
    az: [
      `aks create ${main} -l westeurope --kubernetes-version 1.34 --tier standard --tags env=test --no-ssh-key`,
      "--nodepool-name system --node-count 2 --node-vm-size Standard_D4s_v5 --node-osdisk-size 60 --node-osdisk-type Managed",
      "--max-pods 110 --nodepool-labels pool=system --nodepool-tags cost=shared --zones 1 2 3",
      "--enable-cluster-autoscaler --min-count 2 --max-count 5",
      "--network-plugin azure --network-plugin-mode overlay --network-dataplane cilium",
      "--pod-cidr 10.244.0.0/16 --service-cidr 10.2.0.0/16 --dns-service-ip 10.2.0.10",
      "--api-server-authorized-ip-ranges 20.61.4.0/24 --load-balancer-managed-outbound-ip-count 2",
      "--enable-managed-identity --enable-aad --enable-azure-rbac",
      "--aad-admin-group-object-ids 11111111-1111-1111-1111-111111111111",
      "--enable-oidc-issuer --enable-workload-identity --enable-image-cleaner --image-cleaner-interval-hours 48",
      "--auto-upgrade-channel patch --node-os-upgrade-channel NodeImage",
      "--enable-addons azure-keyvault-secrets-provider,azure-policy --enable-secret-rotation --rotation-poll-interval 5m",
      "--enable-keda --enable-vpa --enable-blob-driver --enable-cost-analysis",
    ].join(" "),
    query:
      "[provisioningState, currentKubernetesVersion, agentPoolProfiles[0].[name, minCount, maxCount, availabilityZones]]",
    gives: ["Succeeded", "1.34.4", ["system", 2, 5, ["1", "2", "3"]]],
  },
  gives(`aks create ${plain} --node-count 1 --generate-ssh-keys`, "agentPoolProfiles[0].name", "nodepool1"),
  gives(
    [
      `aks create ${group} -n kubenet --node-count 1 --network-plugin kubenet --network-policy calico --pod-cidr 10.10.0.0/16`,
      "--no-ssh-key --tier free --disable-disk-driver --disable-file-driver --disable-snapshot-controller",
      "--node-resource-group nodes-of-kubenet --dns-name-prefix kube --k8s-support-plan KubernetesOfficial",
    ].join(" "),
    "[nodeResourceGroup, storageProfile.diskCsiDriver.enabled]",
    ["nodes-of-kubenet", false],
  ),
  gives(
    [
      `aks create ${group} -n inside --node-count 1 --no-ssh-key`,
      `--vnet-subnet-id ${id}/Microsoft.Network/virtualNetworks/net/subnets/nodes`,
      `--assign-identity ${id}/Microsoft.ManagedIdentity/userAssignedIdentities/own`,
    ].join(" "),
    "identity.type",
    "UserAssigned",
  ),
  fails(`aks create ${group} -n old --node-count 1 --no-ssh-key --kubernetes-version 1.30`, /K8sVersionNotSupported/),
  ...(
    [
      ["-l mars", /LocationNotAvailableForResourceType.*List of available regions/],
      ["--zones 4", /AvailabilityZoneNotSupported/],
      ["--node-vm-size Standard_None", /The VM size of Standard_None is not allowed/],
      ["--node-vm-size Standard_D5s_v5", /The VM size of Standard_D5s_v5 is not allowed/],
      ["--sku automatic", /the sandbox does not know AKS Automatic/],
      ["--service-cidr 10.0.0.0/16 --dns-service-ip 10.1.0.10", /10\.1\.0\.10 is not in serviceCidr/],
      ["--network-plugin kubenet --network-dataplane cilium", /cilium needs networkPlugin azure/],
      ["--dns-name-prefix bad.prefix", /1 to 54 letters/],
    ] as const
  ).map(([flags, text]) => fails(`aks create ${group} -n wrong --node-count 1 --no-ssh-key ${flags}`, text)),
  gives(
    [
      `aks create ${group} -n nat --node-count 1 --no-ssh-key --outbound-type managedNATGateway --os-sku AzureLinux`,
      "--nat-gateway-managed-outbound-ip-count 2 --nat-gateway-idle-timeout 30 --attach-acr weekregistry",
      "--enable-aad --enable-azure-rbac --disable-local-accounts",
    ].join(" "),
    "[networkProfile.natGatewayProfile.managedOutboundIpProfile.count, disableLocalAccounts]",
    [2, true],
  ),
  gives(
    `aks create ${group} -n secret --node-count 1 --no-ssh-key --enable-private-cluster --private-dns-zone none --disable-public-fqdn`,
    "apiServerAccessProfile.[enablePrivateCluster, enablePrivateClusterPublicFqdn]",
    [true, false],
  ),
  prints(`aks show ${main} -o table`, /^main\s+westeurope\s+week\s+1\.34\s+1\.34\.4\s+Succeeded/m),
  prints("aks list -o table", /kubenet[^]*plain/),
  gives(`aks list ${group}`, "sort([].name)", ["inside", "kubenet", "main", "nat", "plain", "secret"]),
  works(`aks wait ${main} --created --interval 1 --timeout 30`),
  prints("resource list -g week -o table", /Microsoft\.ContainerService\/managedClusters/i),
  gives(`resource show ${plain} --resource-type Microsoft.ContainerService/managedClusters`, "name", "plain"),
  works(`aks get-credentials ${main} -f DIR/main`),
  works(`aks get-credentials ${plain} -f DIR/plain --overwrite-existing`),
  works(`aks get-credentials ${plain} --admin -f DIR/admin`),
  works(`aks get-credentials ${plain} -f DIR/plain --context other --format azure`),
];

const pools: Command[] = [
  gives(
    [
      `aks nodepool add ${pool} --mode User --node-count 2 --node-vm-size Standard_D8s_v5 --labels app=books`,
      "--node-taints team=books:NoSchedule --max-pods 50 --zones 1 2 --max-surge 33% --drain-timeout 20",
      "--node-soak-duration 5 --tags owner=books --os-sku AzureLinux",
    ].join(" "),
    "[provisioningState, upgradeSettings.maxSurge, nodeTaints]",
    ["Succeeded", "33%", ["team=books:NoSchedule"]],
  ),
  gives(
    `aks nodepool add ${inMain} -n auto --enable-cluster-autoscaler --min-count 1 --max-count 3 --node-count 1`,
    "[enableAutoScaling, minCount, maxCount]",
    [true, 1, 3],
  ),
  gives(
    `aks nodepool add ${inMain} -n spot --priority Spot --eviction-policy Delete --spot-max-price -1 --node-count 1`,
    "[nodeTaints, nodeLabels]",
    [["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"], { "kubernetes.azure.com/scalesetpriority": "spot" }],
  ),
  works(`aks nodepool add ${inMain} -n eph --node-osdisk-type Ephemeral --node-count 0`),
  gives(`aks nodepool add ${inMain} -n win --os-type Windows --node-count 1`, "osType", "Windows"),
  prints(`aks nodepool list ${inMain} -o table`, /apps[^]*auto[^]*eph[^]*spot[^]*system[^]*win/),
  gives(`aks nodepool show ${pool}`, "mode", "User"),
  prints(`aks nodepool show ${pool} -o table`, /apps\s+Linux\s+1\.34/),
  gives(`aks nodepool scale ${pool} --node-count 3`, "count", 3),
  gives(`aks nodepool update ${pool} --labels app=books tier=web`, "nodeLabels.tier", "web"),
  works(`aks nodepool update ${pool} --node-taints ""`),
  gives(`aks nodepool update ${pool} --max-surge 2 --tags owner=web`, "upgradeSettings.maxSurge", "2"),
  gives(
    `aks nodepool update ${pool} --enable-cluster-autoscaler --min-count 2 --max-count 6`,
    "[enableAutoScaling, minCount, maxCount]",
    [true, 2, 6],
  ),
  gives(`aks nodepool update ${pool} --update-cluster-autoscaler --min-count 1 --max-count 4`, "maxCount", 4),
  gives(`aks nodepool update ${pool} --disable-cluster-autoscaler`, "[enableAutoScaling, minCount, maxCount]", [
    false,
    null,
    null,
  ]),
  gives(`aks nodepool update ${pool} --mode System`, "mode", "System"),
  gives(`aks nodepool update ${pool} --mode User`, "mode", "User"),
  gives(`aks nodepool stop ${pool}`, "powerState.code", "Stopped"),
  gives(`aks nodepool start ${pool}`, "powerState.code", "Running"),
  works(`aks nodepool wait ${pool} --exists --interval 1 --timeout 30`),
  fails(`aks nodepool operation-abort ${pool}`, /no operation on the managed cluster that could be aborted/),
  fails(
    `aks nodepool add ${inMain} -n mine --labels kubernetes.azure.com/mode=user --node-count 1`,
    /label 'kubernetes\.azure\.com\/mode' is AKS's own/,
  ),
  gives(`aks nodepool add ${inMain} -n fips --enable-fips-image --node-count 1`, "enableFips", true),
  gives(`aks nodepool update ${inMain} -n fips --disable-fips-image`, "enableFips", false),
  gives(
    `aks nodepool update ${inMain} -n fips --max-surge 0 --max-unavailable 1 --undrainable-node-behavior Cordon`,
    "upgradeSettings.[maxUnavailable, undrainableNodeBehavior]",
    ["1", "Cordon"],
  ),
  works(
    `aks nodepool snapshot create ${group} -n before --nodepool-id ${id}/Microsoft.ContainerService/managedClusters/main/agentPools/fips`,
  ),
  gives(`aks nodepool snapshot list ${group}`, "[].name", ["before"]),
  works(`aks nodepool snapshot delete ${group} -n before --yes`),
  works(`aks nodepool delete ${inMain} -n fips`),
  fails(`aks nodepool delete ${inMain} -n system`, /at least one system agent pool/),
  works(`aks nodepool delete ${inMain} -n win`),
  works(`aks nodepool delete ${inMain} -n eph --no-wait`),
  gives(`aks machine list ${inMain} --nodepool-name apps`, "length(@)", 3),
  prints(`aks machine list ${inMain} --nodepool-name apps -o table`, /aks-apps-\d{8}-vmss000000/),
  fails(
    `aks nodepool delete-machines ${pool} --machine-names aks-apps-00000000-vmss000000`,
    /cannot take single machines out of a pool/,
  ),
];

const upgrades: Command[] = [
  prints(`aks get-upgrades ${main} -o table`, /1\.35\.4/),
  gives(`aks get-upgrades ${main}`, "controlPlaneProfile.upgrades[].kubernetesVersion", ["1.35.1", "1.35.4"]),
  fails(`aks nodepool upgrade ${pool} --kubernetes-version 1.35 --yes`, /NodePoolMcVersionIncompatible/),
  fails(`aks upgrade ${main} --kubernetes-version 1.36 --control-plane-only --yes`, /OperationNotAllowed/),
  gives(
    `aks upgrade ${main} --kubernetes-version 1.35 --control-plane-only --yes`,
    "[currentKubernetesVersion, agentPoolProfiles[?name=='apps'].currentOrchestratorVersion]",
    ["1.35.4", ["1.34.4"]],
  ),
  gives(`aks nodepool get-upgrades ${inMain} --nodepool-name apps`, "upgrades[].kubernetesVersion", [
    "1.35.1",
    "1.35.4",
  ]),
  works(`aks nodepool get-upgrades ${inMain} --nodepool-name apps -o table`),
  gives(
    `aks nodepool upgrade ${pool} --kubernetes-version 1.35 --yes`,
    "[currentOrchestratorVersion, provisioningState]",
    ["1.35.4", "Succeeded"],
  ),
  gives(
    `aks upgrade ${main} --kubernetes-version 1.35 --yes`,
    "agentPoolProfiles[?currentOrchestratorVersion!='1.35.4'].name",
    [],
  ),
  works(`aks nodepool upgrade ${pool} --node-image-only --yes`),
  works(`aks upgrade ${main} --node-image-only --yes`),
  works(`aks nodepool wait ${inMain} -n system --updated --interval 1 --timeout 60`),
  fails(`aks upgrade ${main} --kubernetes-version 1.34 --yes`, /Downgrading Kubernetes version|not allowed/),
];

const update = (flags: string, query: string, value: Json): Command =>
  gives(`aks update ${main} ${flags}`, query, value);
const updatePlain = (flags: string, query: string, value: Json): Command =>
  gives(`aks update ${plain} ${flags}`, query, value);

const updates: Command[] = [
  update("--tags env=prod", "tags.env", "prod"),
  update("--tier premium", "sku.tier", "Premium"),
  update("--tier standard", "sku.tier", "Standard"),
  update("--auto-upgrade-channel stable", "autoUpgradeProfile.upgradeChannel", "stable"),
  update("--node-os-upgrade-channel SecurityPatch", "autoUpgradeProfile.nodeOsUpgradeChannel", "SecurityPatch"),
  works(`aks update ${main} --api-server-authorized-ip-ranges ""`),
  update("--api-server-authorized-ip-ranges 20.61.5.0/24", "apiServerAccessProfile.authorizedIpRanges", [
    "20.61.5.0/24",
  ]),
  update("--disable-local-accounts", "disableLocalAccounts", true),
  fails(`aks get-credentials ${main} --admin -f DIR/none`, /disable local accounts/),
  update("--enable-local-accounts", "disableLocalAccounts", false),
  update("--aad-admin-group-object-ids 22222222-2222-2222-2222-222222222222", "aadProfile.adminGroupObjectIDs", [
    "22222222-2222-2222-2222-222222222222",
  ]),
  update("--disable-azure-rbac", "aadProfile.enableAzureRbac", false),
  update("--enable-azure-rbac", "aadProfile.enableAzureRbac", true),
  update(
    "--load-balancer-managed-outbound-ip-count 3",
    "networkProfile.loadBalancerProfile.managedOutboundIPs.count",
    3,
  ),
  update(
    "--load-balancer-outbound-ports 8000 --load-balancer-idle-timeout 10",
    "networkProfile.loadBalancerProfile.[allocatedOutboundPorts, idleTimeoutInMinutes]",
    [8000, 10],
  ),
  update("--disable-image-cleaner", "securityProfile.imageCleaner.enabled", false),
  update("--enable-image-cleaner", "securityProfile.imageCleaner.enabled", true),
  update("--disable-keda", "workloadAutoScalerProfile.keda.enabled", false),
  update("--enable-keda", "workloadAutoScalerProfile.keda.enabled", true),
  update("--disable-vpa", "workloadAutoScalerProfile.verticalPodAutoscaler.enabled", false),
  update("--enable-vpa", "workloadAutoScalerProfile.verticalPodAutoscaler.enabled", true),
  update("--disable-blob-driver --yes", "storageProfile.blobCsiDriver.enabled", false),
  update("--disable-cost-analysis", "metricsProfile.costAnalysis.enabled", false),
  update("--cluster-autoscaler-profile scan-interval=30s", "autoScalerProfile.scanInterval", "30s"),
  update("--nodepool-labels all=yes", "agentPoolProfiles[?nodeLabels.all!='yes'].name", []),
  update("--nodepool-taints CriticalAddonsOnly=true:NoSchedule", "length(agentPoolProfiles)", 4),
  gives(
    `aks update ${group} -n nat --nat-gateway-managed-outbound-ip-count 3`,
    "networkProfile.natGatewayProfile.managedOutboundIpProfile.count",
    3,
  ),
  gives(`aks update ${group} -n nat --outbound-type loadBalancer`, "networkProfile.outboundType", "loadBalancer"),
  gives(
    `aks update ${group} -n nat --k8s-support-plan AKSLongTermSupport --tier premium`,
    "supportPlan",
    "AKSLongTermSupport",
  ),
  works(`aks update ${main} --enable-force-upgrade --upgrade-override-until 2027-01-01T00:00:00Z`),
  works(`aks update ${main} --disable-force-upgrade`),
  fails(`aks update ${main} --disable-public-fqdn`, /private cluster/),
  updatePlain(
    "--enable-cluster-autoscaler --min-count 1 --max-count 3",
    "agentPoolProfiles[0].[enableAutoScaling, maxCount]",
    [true, 3],
  ),
  updatePlain("--update-cluster-autoscaler --min-count 1 --max-count 5", "agentPoolProfiles[0].maxCount", 5),
  updatePlain("--disable-cluster-autoscaler", "agentPoolProfiles[0].[enableAutoScaling, minCount, maxCount]", [
    false,
    null,
    null,
  ]),
  updatePlain("--enable-oidc-issuer", "oidcIssuerProfile.enabled", true),
  updatePlain("--enable-workload-identity", "securityProfile.workloadIdentity.enabled", true),
  updatePlain(
    "--enable-aad --aad-admin-group-object-ids 11111111-1111-1111-1111-111111111111",
    "aadProfile.managed",
    true,
  ),
  updatePlain("--enable-ai-toolchain-operator", "aiToolchainOperatorProfile.enabled", true),
  works(`aks update ${plain} --attach-acr weekregistry`),
  works(`aks update ${plain} --detach-acr weekregistry`),
  gives(`aks scale ${plain} --node-count 2`, "agentPoolProfiles[0].count", 2),
  gives(`aks scale ${plain} --node-count 3 --nodepool-name nodepool1`, "agentPoolProfiles[0].count", 3),
];

const addOn = (verb: "enable" | "disable", rest: string): string => `aks ${verb}-addons ${plain} -a ${rest}`;

const addOns: Command[] = [
  gives(addOn("enable", "open-service-mesh"), "addonProfiles.openServiceMesh.enabled", true),
  fails(`aks mesh enable ${plain}`, /Istio add-on and the openServiceMesh add-on cannot run on one cluster/),
  gives(addOn("disable", "open-service-mesh"), "addonProfiles.openServiceMesh.enabled", false),
  gives(
    addOn("enable", "azure-keyvault-secrets-provider --enable-secret-rotation"),
    "addonProfiles.azureKeyvaultSecretsProvider.config.enableSecretRotation",
    "true",
  ),
  works(addOn("disable", "azure-keyvault-secrets-provider")),
  works(addOn("enable", "http_application_routing")),
  works(addOn("disable", "http_application_routing")),
  fails(addOn("enable", "virtual-node --subnet-name none"), /virtual nodes need a network of one's own/),
  gives(addOn("enable", "azure-policy"), "addonProfiles.azurepolicy.enabled", true),
  works(addOn("disable", "azure-policy")),
  gives(addOn("enable", "monitoring"), "addonProfiles.omsagent.enabled", true),
  prints("monitor log-analytics workspace list -o table", /DefaultWorkspace-SUB-WEU/),
  works(addOn("disable", "monitoring")),
  prints(
    `aks update ${plain} --enable-azure-monitor-metrics --query azureMonitorProfile.metrics.enabled`,
    /Azure Monitor Workspace[^]*true/,
  ),
  gives(`aks update ${plain} --disable-azure-monitor-metrics`, "azureMonitorProfile.metrics.enabled", false),
  works(addOn("enable", "monitoring --enable-msi-auth-for-monitoring false")),
  works(addOn("disable", "monitoring")),
  gives(
    `aks create ${group} -n watched --node-count 1 --no-ssh-key --enable-addons monitoring`,
    "addonProfiles.omsagent.enabled",
    true,
  ),
  gives(`aks approuting enable ${plain}`, "ingressProfile.webAppRouting.enabled", true),
  works(`aks approuting update ${plain} --nginx External`),
  fails(`aks approuting zone list ${plain}`, /No dns zone attached/),
  works(`aks approuting disable ${plain} --yes`),
];

const mesh = (verb: string, rest = ""): string => `aks mesh ${verb} ${plain} ${rest}`.trim();
const egress = "--istio-egressgateway-name out --gateway-configuration-name routes";
const inKeyVault =
  `--key-vault-id ${id}/Microsoft.KeyVault/vaults/weekvault --root-cert-object-name root-cert ` +
  "--ca-cert-object-name ca-cert --ca-key-object-name ca-key --cert-chain-object-name cert-chain";

/** The Istio add-on. */
const meshes: Command[] = [
  gives("aks mesh get-revisions -l westeurope", "meshRevisions[].[revision, upgrades]", [
    ["asm-1-29", ["asm-1-30"]],
    ["asm-1-30", []],
  ]),
  gives(
    "aks mesh get-revisions -l westeurope",
    "meshRevisions[0].compatibleWith[?name=='KubernetesOfficial'].versions[-1]",
    ["1.36"],
  ),
  fails(mesh("upgrade start", "--revision asm-1-30"), /Istio has not been enabled for this cluster/),
  fails(
    mesh("enable", "--revision asm-1-28"),
    /Requested change in revisions is not allowed. Reason: Revision asm-1-28 is not supported by the service mesh add-on\./,
  ),
  gives(mesh("enable"), "serviceMeshProfile.[mode, istio.revisions]", ["Istio", ["asm-1-29"]]),
  fails(mesh("enable"), /Istio has already been enabled for this cluster/),
  fails(addOn("enable", "open-service-mesh"), /Istio add-on and the openServiceMesh add-on cannot run on one cluster/),
  gives(
    mesh("enable-ingress-gateway", "--ingress-gateway-type external"),
    "serviceMeshProfile.istio.components.ingressGateways[].[mode, enabled]",
    [["External", true]],
  ),
  gives(
    mesh("disable-ingress-gateway", "--ingress-gateway-type external --yes"),
    "serviceMeshProfile.istio.components.ingressGateways[].[mode, enabled]",
    [["External", false]],
  ),
  fails(mesh("enable-egress-gateway", egress), /an Istio egress gateway needs Static Egress Gateway/),
  works(`aks update ${plain} --enable-static-egress-gateway`),
  gives(
    mesh("enable-egress-gateway", egress),
    "serviceMeshProfile.istio.components.egressGateways[].[namespace, name, enabled]",
    [["aks-istio-egress", "out", true]],
  ),
  works(mesh("disable-egress-gateway", "--istio-egressgateway-name out --yes")),
  gives(
    mesh("proxy-redirection-mechanism", "--mechanism CNIChaining"),
    "serviceMeshProfile.istio.components.proxyRedirectionMechanism",
    "CNIChaining",
  ),
  gives(mesh("get-upgrades"), "[revision, upgrades]", ["asm-1-29", ["asm-1-30"]]),
  fails(mesh("upgrade complete", "--yes"), /upgrade is not in progress/),
  fails(mesh("upgrade start", "--revision asm-1-99"), /Revision asm-1-99 is not supported by the service mesh add-on/),
  gives(mesh("upgrade start", "--revision asm-1-30"), "serviceMeshProfile.istio.revisions", ["asm-1-29", "asm-1-30"]),
  gives(mesh("upgrade rollback", "--yes"), "serviceMeshProfile.istio.revisions", ["asm-1-29"]),
  works(mesh("upgrade start", "--revision asm-1-30")),
  gives(mesh("upgrade complete", "--yes"), "serviceMeshProfile.istio.revisions", ["asm-1-30"]),
  gives(mesh("get-upgrades"), "upgrades", []),
  gives(mesh("disable", "--yes"), "serviceMeshProfile.mode", "Disabled"),
  prints(mesh("get-upgrades"), /^$/),
  fails(mesh("enable", inKeyVault), /AzureKeyvaultSecretsProvider addon is required/),
  works(addOn("enable", "azure-keyvault-secrets-provider")),
  gives(
    mesh("enable", inKeyVault),
    "serviceMeshProfile.istio.certificateAuthority.plugin.rootCertObjectName",
    "root-cert",
  ),
  gives(mesh("disable", "--yes"), "serviceMeshProfile.mode", "Disabled"),
];

const maintenance = (verb: string, rest: string): string =>
  `aks maintenanceconfiguration ${verb} ${group} --cluster-name main ${rest}`.trim();

const operation: Command[] = [
  works(maintenance("add", "-n default --weekday Monday --start-hour 1")),
  works(
    maintenance(
      "add",
      "-n aksManagedAutoUpgradeSchedule --schedule-type Weekly --day-of-week Friday --interval-weeks 1 --duration 4 --utc-offset +00:00 --start-time 22:00",
    ),
  ),
  works(
    maintenance(
      "add",
      "-n aksManagedNodeOSUpgradeSchedule --schedule-type Daily --interval-days 2 --duration 4 --start-time 22:00",
    ),
  ),
  gives(maintenance("list", ""), "length(@)", 3),
  works(maintenance("list", "-o table")),
  gives(maintenance("show", "-n default"), "timeInWeek[0].day", "Monday"),
  gives(maintenance("update", "-n default --weekday Tuesday --start-hour 2"), "timeInWeek[0].day", "Tuesday"),
  works(maintenance("delete", "-n default")),
  works(`aks rotate-certs ${plain} --yes`),
  works(`aks update-credentials ${plain} --reset-service-principal --service-principal APP --client-secret x`),
  works(`aks oidc-issuer rotate-signing-keys ${plain} --yes`),
  fails(`aks operation-abort ${plain}`, /no operation on the managed cluster that could be aborted/),
  works(`aks stop ${plain}`),
  gives(`aks show ${plain}`, "powerState.code", "Stopped"),
  fails(`aks update ${plain} --tags a=b`, /'plain' is stopped: it can only be started or deleted/),
  fails(`aks nodepool scale ${group} --cluster-name plain -n nodepool1 --node-count 2`, /is stopped/),
  fails(`aks rotate-certs ${plain} --yes`, /is stopped/),
  works(`aks start ${plain}`),
  gives(`aks show ${plain}`, "[powerState.code, provisioningState]", ["Running", "Succeeded"]),
  fails(`aks command invoke ${plain} --command version`, /The sandbox runs no command in a cluster/),
  fails(`aks command result ${plain} -i abc`, /runs no command in a cluster/),
  gives(`aks trustedaccess rolebinding list ${group} --cluster-name plain`, "length(@)", 0),
  works("aks snapshot list"),
  works("lock list -g week"),
];

const end: Command[] = [
  works(`aks delete ${group} -n inside --yes`),
  works(`aks delete ${group} -n watched --yes --no-wait`),
  works(`aks delete ${main} --yes`),
  gives(`aks list ${group}`, "sort([].name) | [?@!='watched']", ["kubenet", "nat", "plain", "secret"]),
  works("group delete -n week --yes"),
  prints("group exists -n week", /false/),
];

/** What a team does with AKS in a week, in order: later commands need what earlier ones made. */
export const week: readonly Command[] = [
  ...beginning,
  ...creation,
  ...pools,
  ...upgrades,
  ...updates,
  ...addOns,
  ...meshes,
  ...operation,
  ...end,
];
