import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { waitForAuthority } from "../../../components/mesh-authority/wait-for-authority";
import { type ApiAnswer } from "../../../components/service-mesh/waiting";

const base = "/apis/cert-manager.io/v1/namespaces/mesh-authority";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

const ready: Condition = { type: "Ready", status: "True", observedGeneration: 2 };
const failed: Condition = { type: "Issuing", status: "False", reason: "Failed" };

/** The Certificate at its second generation, after a revision. */
const certificate = (revision: number, ...conditions: Condition[]) => ({
  metadata: { generation: 2 },
  status: { revision, conditions },
});

const pem = (name: string): string => readFileSync(join(__dirname, `${name}.pem`), "utf8");

/** What was asked for a revision of the mesh's certificate, with what came of it. */
const request = (revision: number, message: string, issued?: string, root?: string) => ({
  metadata: {
    annotations: {
      "cert-manager.io/certificate-name": "mesh-authority",
      "cert-manager.io/certificate-revision": String(revision),
    },
  },
  status: {
    conditions: [{ type: "Ready", status: issued === undefined ? "False" : "True", message }],
    ...(issued !== undefined && { certificate: Buffer.from(issued).toString("base64") }),
    ...(root !== undefined && { ca: Buffer.from(root).toString("base64") }),
  },
});

/** What a PATCH is answered with. */
let patchable = 200;

/** Waits for no time on a cluster that has these, for a certificate of 90 days. @returns what was patched, and what was said. */
async function wait(found: object, ...requests: object[]) {
  const patched: unknown[] = [];
  const said: string[] = [];
  await waitForAuthority({
    ...{ duration: "2160h", timeout: 0, report: (message: string) => said.push(message) },
    request: (method, path, body): Promise<ApiAnswer> => {
      if (method === "PATCH") {
        patched.push([path, body]);
        return Promise.resolve({ status: patchable, body: { message: "no" } });
      }
      const bodies: Readonly<Record<string, object>> = {
        [`${base}/certificates/mesh-authority`]: found,
        [`${base}/certificaterequests`]: { items: requests },
      };
      return Promise.resolve({ status: path in bodies ? 200 : 404, body: bodies[path] ?? {} });
    },
  }).catch((error: unknown) => {
    if (!(error instanceof Error)) throw error;
    throw Object.assign(error, { patched });
  });
  return { patched, said };
}

const nothing = { patched: [], said: [] };

const denied = `Vault failed to sign certificate: failed to sign certificate by vault: Error making API request.

URL: POST https://localhost:26049/v1/mesh/root/sign-intermediate
Code: 403. Errors:

* 1 error occurred:
	* permission denied`;

describe("waiting for the mesh's authority", () => {
  it("is over when it is issued for what is asked now, and may sign", async () => {
    expect(await wait(certificate(1, ready), request(1, "", pem("authority")))).toEqual(nothing);
    // Of an earlier generation.
    const old = certificate(1, { ...ready, observedGeneration: 1 });
    await expect(wait(old, request(1, "", pem("authority")))).rejects.toThrow(
      "Missing: the Certificate mesh-authority in mesh-authority to be issued. Look at: kubectl -n mesh-authority describe",
    );
  });

  it("ends at once where what was issued may sign nothing, and says which path does it", async () => {
    const both = [request(1, "", pem("authority")), request(2, "", pem("leaf"))];
    await expect(wait(certificate(2, ready), ...both)).rejects.toThrow(
      /a certificate that may sign no others.*MOUNT\/root\/sign-intermediate, not MOUNT\/sign\/ROLE/,
    );
    await wait(certificate(1, ready), ...both);
  });

  it("tells of a life that was cut short, and of one that who signed does not outlive", async () => {
    const { said } = await wait(certificate(1, ready), request(1, "", pem("short")));
    expect(said).toEqual([
      expect.stringMatching(/good until 2026-12-31T.*not for the 2160h that were asked: .*max_lease_ttl of the engine/),
    ]);
    const outlived = await wait(certificate(1, ready), request(1, "", pem("outliving")));
    expect(outlived.said).toEqual([
      expect.stringMatching(/good until 2026-12-0.*then ends CN=Short-lived, which signed it: have a new one made/),
    ]);
  });

  it("tells of a root that is none", async () => {
    const { said } = await wait(certificate(1, ready), request(1, "", pem("authority"), pem("intermediate")));
    expect(said).toEqual([expect.stringMatching(/root \(ca\.crt\) is CN=Bao Mesh 1, which is none.*set-signed/)]);
    const whole = `${pem("authority")}${pem("intermediate")}`;
    expect(await wait(certificate(1, ready), request(1, "", whole, pem("root")))).toEqual(nothing);
  });

  it("says why nothing is issued yet, in one line", async () => {
    const sealed = request(1, "Failed to initialise vault client:\n\nCode: 503. Errors:\n\n* Vault is sealed");
    await expect(wait(certificate(0), sealed)).rejects.toThrow(
      /to be issued \(Failed to initialise vault client: Code: 503\. Errors: \* Vault is sealed\)\. Look at: Vault itself/,
    );
  });

  it("ends at once where the issuer refused, and says what to look at", async () => {
    await expect(wait(certificate(0, failed), request(1, denied))).rejects.toThrow(
      /did not sign the mesh's authority: .*permission denied\. Look at: the policy of the role.*run pulumi up again/,
    );
  });

  it("has cert-manager try again where it failed before, and leaves alone what is issued and failed to be renewed", async () => {
    const other: Condition = { type: "Ready", status: "False" };
    await expect(wait(certificate(0, other, failed), request(1, denied))).rejects.toMatchObject({
      patched: [
        [
          `${base}/certificates/mesh-authority/status`,
          { status: { conditions: [other, { type: "Issuing", status: "True", reason: "ManuallyTriggered" }] } },
        ],
      ],
    });
    expect(await wait(certificate(1, ready, failed), request(1, "", pem("authority")))).toEqual(nothing);
    patchable = 403;
    await expect(wait(certificate(0, other, failed), request(1, denied))).rejects.toThrow(
      /not to be told to try again \(403: no\).*cmctl renew/,
    );
  });
});
