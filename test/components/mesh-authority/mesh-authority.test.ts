import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type IstioAuthorityIssuanceArgs } from "../../../components/aks-cluster";
import { MeshAuthority, type MeshAuthorityArgs } from "../../../components/mesh-authority";
import { ids } from "../aks-cluster/example";
import { allRegistered, recordRegistrations, type Registration } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations({
    "azure-native:managedidentity:UserAssignedIdentity": {
      name: "shop-mesh-authority",
      clientId: "the-client",
      principalId: ids.object,
      tenantId: "the-tenant",
    },
  });
});
beforeEach(() => {
  registrations.length = 0;
});

function argsOf(issuedBy: Partial<IstioAuthorityIssuanceArgs> = {}): MeshAuthorityArgs {
  return {
    ...{ clusterName: "shop", resourceGroupName: "shop-group", location: "westeurope", kubeconfig: "" },
    oidcIssuerUrl: "https://issuer.example/",
    certificateAuthority: {
      ...{ keyVaultId: ids.vault, rootCertificate: "r", certificate: "c", key: "k", certificateChain: "h" },
      issuedBy: { issuer: { name: "root" }, ...issuedBy },
    },
  };
}

const { certificateAuthority: ofIssuer, ...others } = argsOf();
const withVault: MeshAuthorityArgs = {
  ...others,
  certificateAuthority: {
    ...ofIssuer,
    issuedBy: {
      vault: {
        ...{ server: "https://bao.example:8200", path: "mesh/root/sign-intermediate", role: "authority" },
        ...{ authPath: "aks/shop", caBundle: "PEM", namespace: "team" },
      },
    },
  },
};

async function registered(issuedBy: Partial<IstioAuthorityIssuanceArgs> = {}): Promise<readonly Registration[]> {
  new MeshAuthority("mesh", argsOf(issuedBy));
  await allRegistered();
  return registrations;
}

/** The only resource of a type. */
function one(all: readonly Registration[], type: RegExp): Registration {
  const [found, ...more] = all.filter((registration) => type.test(registration.type));
  if (found === undefined || more.length > 0) expect.fail(`there is not one ${String(type)}`);
  return found;
}

describe("the mesh's authority from cert-manager", () => {
  it("is a certificate of an authority with a new key each time, by the team's issuer", async () => {
    const { inputs } = one(await registered(), /:Certificate$/);
    expect(inputs).toMatchObject({
      metadata: { name: "mesh-authority", namespace: "mesh-authority" },
      spec: {
        ...{ isCA: true, duration: "2160h", renewBefore: "3888000s", usages: ["cert sign", "crl sign"] },
        privateKey: { algorithm: "RSA", rotationPolicy: "Always" },
        issuerRef: { name: "root", kind: "ClusterIssuer", group: "cert-manager.io" },
      },
    });
  });

  it("comes after cert-manager, by its chart of an exact version, and its issuer", async () => {
    const all = await registered();
    const release = one(all, /:Release$/);
    expect(release.inputs).toMatchObject({
      ...{ chart: "cert-manager", version: expect.stringMatching(/^v\d+\.\d+\.\d+$/) as string },
      ...{ repositoryOpts: { repo: "https://charts.jetstack.io" }, values: { crds: { enabled: true } } },
    });
    expect(one(all, /:IssuerReady$/).dependsOn).toContain(release.name);
    expect(one(all, /:Certificate$/).dependsOn).toContain("mesh-issuer");
  });

  it("is waited for until it is issued, for what is asked of cert-manager now", async () => {
    const { dependsOn, inputs } = one(await registered({ duration: "96h" }), /:AuthorityIssued$/);
    expect(dependsOn).toContain("mesh-certificate");
    expect(inputs["issuance"]).toContain('"duration":"96h"');
  });

  it("is signed by Vault by an issuer of ours, whose only way in is an account that cert-manager may make tokens of", async () => {
    new MeshAuthority("mesh", withVault);
    await allRegistered();
    const issuer = one(registrations, /:Issuer$/);
    expect(issuer.inputs).toMatchObject({
      metadata: { name: "vault", namespace: "mesh-authority" },
      spec: {
        vault: {
          ...{ server: "https://bao.example:8200", path: "mesh/root/sign-intermediate", namespace: "team" },
          caBundle: Buffer.from("PEM").toString("base64"),
          auth: {
            kubernetes: {
              role: "authority",
              mountPath: "/v1/auth/aks/shop",
              serviceAccountRef: { name: "vault-issuer" },
            },
          },
        },
      },
    });
    expect(one(registrations, /:Role$/).inputs).toMatchObject({
      metadata: { namespace: "mesh-authority" },
      rules: [{ resources: ["serviceaccounts/token"], resourceNames: ["vault-issuer"], verbs: ["create"] }],
    });
    expect(one(registrations, /:RoleBinding$/).inputs).toMatchObject({
      roleRef: { kind: "Role", name: "vault-issuer" },
      subjects: [{ kind: "ServiceAccount", name: "cert-manager", namespace: "cert-manager" }],
    });
    expect(registrations.filter(({ type }) => type.endsWith(":Secret"))).toEqual([]);
    expect(one(registrations, /:Certificate$/).inputs).toMatchObject({
      spec: { issuerRef: { name: "vault", kind: "Issuer", group: "cert-manager.io" } },
    });
  });

  it("makes that issuer between cert-manager and the wait for it", async () => {
    new MeshAuthority("mesh", withVault);
    await allRegistered();
    const release = one(registrations, /:Release$/);
    const [first, second] = ["mesh-cert-manager", "mesh-issuer"].map((name) =>
      registrations.find((one) => one.name === name && one.type.endsWith(":IssuerReady")),
    );
    expect(first?.dependsOn).toContain(release.name);
    expect(first?.inputs["issuer"]).toBeUndefined();
    expect(one(registrations, /:Issuer$/).dependsOn).toEqual(expect.arrayContaining(["mesh-cert-manager"]));
    expect(second?.dependsOn).toContain("mesh-vault");
    expect(second?.inputs["issuer"]).toMatchObject({ name: "vault", kind: "Issuer" });
  });

  it("installs no cert-manager where one is present", async () => {
    const types = (await registered({ certManager: "present" })).map(({ type }) => type);
    expect(types.join()).not.toContain("Release");
    expect(types.filter((type) => type.endsWith(":Namespace"))).toHaveLength(1);
  });

  it("is carried by an identity that one account of the cluster may take, with a role on that vault alone", async () => {
    const all = await registered();
    expect(one(all, /:FederatedIdentityCredential$/).inputs).toMatchObject({
      ...{ resourceName: "shop-mesh-authority", issuer: "https://issuer.example/" },
      subject: "system:serviceaccount:mesh-authority:carrier",
    });
    expect(one(all, /:RoleAssignment$/).inputs).toMatchObject({
      ...{ scope: ids.vault, principalId: ids.object },
      roleDefinitionId: expect.stringContaining("b86a8fe4-44ce-4948-aee5-eccb2c155cd7") as string,
    });
    const role = "/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-00000000000f";
    registrations.length = 0;
    expect(one(await registered({ roleDefinitionId: role }), /:RoleAssignment$/).inputs["roleDefinitionId"]).toBe(role);
  });

  it("is carried once at once, when there is something and the role is given, and every hour", async () => {
    const all = await registered();
    const first = one(all, /:Job$/);
    const hourly = one(all, /:CronJob$/);
    expect(first.dependsOn).toEqual(expect.arrayContaining(["mesh-issued", "mesh-carrier"]));
    expect(hourly.inputs).toMatchObject({ spec: { schedule: "17 * * * *", concurrencyPolicy: "Forbid" } });
    const template = {
      spec: {
        ...{ serviceAccountName: "carrier", automountServiceAccountToken: false, restartPolicy: "Never" },
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            image: "mcr.microsoft.com/azure-cli:2.91.0",
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            env: expect.arrayContaining([
              { name: "VAULT", value: "v" },
              { name: "KEY", value: "k" },
              { name: "SIDECAR_SECONDS", value: "86400" },
              { name: "AZURE_CLIENT_ID", value: "the-client" },
              { name: "AZURE_TENANT_ID", value: "the-tenant" },
            ]) as unknown[],
          },
        ],
      },
    };
    expect(first.inputs).toMatchObject({ spec: { template } });
    expect(hourly.inputs).toMatchObject({ spec: { jobTemplate: { spec: { template } } } });
  });

  it("gives the carrier no role in the cluster, no callers, and no way but to names and TLS", async () => {
    const all = await registered();
    expect(all.filter(({ type }) => type.includes("rbac.authorization"))).toEqual([]);
    expect(one(all, /:NetworkPolicy$/).inputs["spec"]).toEqual({
      ...{ podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      egress: [{ ports: [{ port: 443 }, { port: 53, protocol: "UDP" }, { port: 53 }] }],
    });
    const namespaces = all.filter(({ type }) => type.endsWith(":Namespace"));
    for (const { inputs } of namespaces) {
      expect(inputs["metadata"]).toMatchObject({ labels: { "pod-security.kubernetes.io/enforce": "restricted" } });
    }
  });

  it("refuses a renewal that comes later than a sidecar's certificate needs", () => {
    const late = argsOf({ duration: "48h", renewBefore: "24h" });
    expect(() => new MeshAuthority("mesh", late)).toThrow(/renewBefore is 24h, and a sidecar's certificate holds 24h/);
    expect(() => new MeshAuthority("mesh", { ...late, sidecarCertificateDuration: "a day" })).toThrow(
      'sidecarCertificateDuration: "a day" is no time',
    );
  });
});
