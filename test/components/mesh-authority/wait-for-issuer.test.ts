import { describe, expect, it } from "vitest";
import { waitForIssuer } from "../../../components/mesh-authority/wait-for-issuer";
import { type ApiAnswer } from "../../../components/service-mesh/waiting";

const definition = (name: string) => ({
  metadata: { name },
  status: { conditions: [{ type: "Established", status: "True" }] },
});
const definitions = {
  items: [definition("certificates.cert-manager.io"), definition("certificaterequests.cert-manager.io")],
};
const condition = (status: string, message: string) => ({
  status: { conditions: [{ type: "Ready", status, message }] },
});
const clusterIssuer = { name: "root", kind: "ClusterIssuer", group: "cert-manager.io" };

/** Waits on a cluster that answers these bodies by path, and 404 else, for no time. */
function wait(issuer: typeof clusterIssuer | undefined, bodies: Readonly<Record<string, object>>): Promise<void> {
  return waitForIssuer({
    ...(issuer && { issuer }),
    ...{ namespace: "mesh-authority", timeout: 0, report: () => undefined },
    request: (_method, path): Promise<ApiAnswer> => {
      const body = bodies[path];
      return Promise.resolve(body === undefined ? { status: 404, body: {} } : { status: 200, body });
    },
  });
}

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const cluster = "/apis/cert-manager.io/v1/clusterissuers/root";
const own = "/apis/cert-manager.io/v1/namespaces/mesh-authority/issuers/root";

describe("waiting for an issuer", () => {
  it("is over when cert-manager's definitions are there and the issuer is ready", async () => {
    await wait(clusterIssuer, { [crds]: definitions, [cluster]: condition("True", "") });
    await wait({ ...clusterIssuer, kind: "Issuer" }, { [crds]: definitions, [own]: condition("True", "") });
  });

  it("says what is missing: cert-manager, the issuer in its place, or what the issuer says of itself", async () => {
    const ready = condition("True", "");
    await expect(wait(clusterIssuer, { [cluster]: ready })).rejects.toThrow(
      "Missing: 2 of 2 CustomResourceDefinitions: certificates.cert-manager.io",
    );
    await expect(wait(clusterIssuer, { [crds]: definitions, [own]: ready })).rejects.toThrow(
      "Missing: the ClusterIssuer root. Look at: docs/certificates.md",
    );
    const namespaced = { ...clusterIssuer, kind: "Issuer" };
    await expect(wait(namespaced, { [crds]: definitions, [cluster]: ready })).rejects.toThrow(
      "Missing: the Issuer root in mesh-authority.",
    );
    const broken = condition("False", "Error getting keypair");
    await expect(wait(clusterIssuer, { [crds]: definitions, [cluster]: broken })).rejects.toThrow(
      "Missing: the ClusterIssuer root to be ready (Error getting keypair). Look at: kubectl describe clusterissuer root.",
    );
  });

  it("says while it waits what to look at, where somebody has to do something", async () => {
    const said: string[] = [];
    let time = 0;
    const waiting = waitForIssuer({
      ...{
        issuer: clusterIssuer,
        namespace: "mesh-authority",
        timeout: 2,
        report: (message: string) => said.push(message),
      },
      ...{ now: () => time++, sleep: () => Promise.resolve() },
      request: (_method, path): Promise<ApiAnswer> =>
        Promise.resolve({ status: 200, body: path === crds ? definitions : condition("False", "Vault is\nsealed") }),
    });
    await expect(waiting).rejects.toThrow(/\(Vault is sealed\)\. Look at: Vault itself/);
    expect(said).toEqual([
      expect.stringMatching(
        /^waiting for the ClusterIssuer root to be ready \(Vault is sealed\)\. Look at: Vault itself.*operator unseal/,
      ),
    ]);
  });

  it("waits for cert-manager alone where no issuer is named", async () => {
    await wait(undefined, { [crds]: definitions });
    await expect(wait(undefined, {})).rejects.toThrow("Missing: 2 of 2 CustomResourceDefinitions");
  });

  it("knows nothing of the issuers of other groups", async () => {
    const other = { name: "root", kind: "StepIssuer", group: "certmanager.step.sm" };
    await wait(other, { [crds]: definitions });
  });
});
