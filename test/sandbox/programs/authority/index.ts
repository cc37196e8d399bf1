import * as pulumi from "@pulumi/pulumi";
import { KubeconfigLogin, PrincipalType } from "../../../../components/aks-cluster/enums";
import { type CertificateIssuerArgs, type VaultIssuerArgs } from "../../../../components/aks-cluster";
import { type StackDefinition } from "../../../../program/definition";
import { ownCluster } from "../../../../program/own-cluster";
import { type Settings } from "../../../../program/settings";
import { dev } from "../../../../stacks/dev";

const config = new pulumi.Config();

const openBao = config.getObject<VaultIssuerArgs>("openbao");

/** Who signs: OpenBao, an issuer that the test makes in the namespace, or one of the whole cluster. */
const signs =
  openBao === undefined
    ? { issuer: config.getObject<CertificateIssuerArgs>("issuer") ?? { name: "root" } }
    : { vault: openBao };

const definition: StackDefinition = {
  ...dev,
  cluster: {
    ...dev.cluster,
    security: { ...dev.cluster.security, secretRotationInterval: "1s" },
    nodePools: [
      { name: "system", mode: "System", vmSize: "Standard_D4ds_v5", autoscale: false, count: 1, zones: ["1"] },
      { name: "user", mode: "User", vmSize: "Standard_D2ds_v5", autoscale: false, count: 1, zones: ["1"] },
    ],
  },
  istio: {
    addOn: {
      certificateAuthority: {
        keyVaultId: config.require("vault"),
        ...{ rootCertificate: "root-cert", certificate: "ca-cert", key: "ca-key", certificateChain: "cert-chain" },
        issuedBy: { ...signs, duration: "12h", renewBefore: "4h", certManager: "present" },
      },
    },
    // Renewed after a tenth of its life, so that nothing here ends while the machine is busy.
    settings: { sidecar: { other: { proxyMetadata: { SECRET_TTL: "100s", SECRET_GRACE_PERIOD_RATIO: "0.9" } } } },
  },
};

const settings: Settings = {
  ...{ location: "westeurope", owner: "nobody", meshRevisions: ["asm-1-29"], registerFeature: true, kiali: false },
  ...{ kubernetesVersion: "1.34", administrators: [], authorizedIpRanges: [], privateCluster: false },
  ...{ kubeconfigLogin: KubeconfigLogin.ServicePrincipal, deployer: PrincipalType.ServicePrincipal },
  mesh: config.get("mesh") === "osm" ? "osm" : "istio",
};

async function deploy() {
  const { resourceGroupName, clusterName, kubeconfig } = await ownCluster({
    ...{ name: "authority", definition, settings, tags: {} },
  });
  return { resourceGroupName, clusterName, kubeconfig };
}

export = deploy();
