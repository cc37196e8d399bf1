import { X509Certificate } from "node:crypto";
import { durationSeconds } from "../aks-cluster/durations";
import { certManagerGroup } from "../aks-cluster/issuance";
import { at, described, elements, holds, type Missing, type Waiting, waitUntilReady } from "../service-mesh/waiting";
import { authorityNamespace, authoritySecret } from "./place";
import { inOneLine, vaultAdvice } from "./vault-advice";

const inNamespace = `/apis/${certManagerGroup}/v1/namespaces/${authorityNamespace}`;
const certificatePath = `${inNamespace}/certificates/${authoritySecret}`;

const look = `kubectl -n ${authorityNamespace} describe certificate,certificaterequest`;

/** What {@link waitForAuthority} needs to know and to do. */
export interface AuthorityWaitOptions extends Waiting {
  /** How long the certificate was asked to hold. */
  readonly duration: string;
}

/** Where waiting helps nobody. */
function final(message: string): Error {
  return Object.assign(new Error(message), { final: true });
}

/** A condition of a Certificate or CertificateRequest. */
function condition(object: unknown, type: string): unknown {
  return elements(at(object, "status", "conditions")).find((one) => at(one, "type") === type);
}

/** Whether the last try to issue has failed. cert-manager then pauses for an hour, and longer each time. */
function hasFailed(certificate: unknown): boolean {
  const issuing = condition(certificate, "Issuing");
  return at(issuing, "status") === "False" && at(issuing, "reason") === "Failed";
}

/** What cert-manager asked for to make a revision of the certificate. */
async function requestOf({ request }: Waiting, revision: number): Promise<unknown> {
  const { body } = await request("GET", `${inNamespace}/certificaterequests`);
  return elements(at(body, "items")).find((one) => {
    const annotations = at(one, "metadata", "annotations");
    return (
      at(annotations, `${certManagerGroup}/certificate-name`) === authoritySecret &&
      at(annotations, `${certManagerGroup}/certificate-revision`) === String(revision)
    );
  });
}

/** The certificates that a request was answered with, that which was asked for first. */
function certificatesOf(issued: unknown): readonly X509Certificate[] {
  const texts = ["certificate", "ca"].flatMap((field) => {
    const encoded = at(issued, "status", field);
    return typeof encoded === "string" ? [Buffer.from(encoded, "base64").toString()] : [];
  });
  const pems = texts.join("\n").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return pems.map((pem) => new X509Certificate(pem));
}

/** @throws where what was issued signs nothing: issuers that give it are ready all the same, and istiod is the first to refuse it. */
function assertAuthority([first]: readonly X509Certificate[]): void {
  if (first === undefined || first.ca) return;
  throw final(
    "The issuer has signed a certificate that may sign no others, and the mesh needs one that may. Of Vault or OpenBao take the path MOUNT/root/sign-intermediate, " +
      "not MOUNT/sign/ROLE; of others an issuer that heeds isCA. Then: cmctl renew -n " +
      `${authorityNamespace} ${authoritySecret}, and pulumi up again (docs/certificates.md).`,
  );
}

/** Where a minute more or less is nobody's fault. */
const tolerance = 60_000;

/** What shortens the certificate's life below what was asked, in silence: neither an issuer nor cert-manager minds. */
function shortened(chain: readonly X509Certificate[], duration: string): string | undefined {
  const [first] = chain;
  if (first === undefined) return undefined;
  const asked = Date.parse(first.validFrom) + (durationSeconds(duration) ?? 0) * 1000 - tolerance;
  const earliest = chain.reduce((one, other) => (Date.parse(other.validTo) < Date.parse(one.validTo) ? other : one));
  const end = Date.parse(earliest.validTo);
  if (end >= asked) return undefined;
  const cause =
    earliest === first
      ? "the issuer gives no more: of Vault or OpenBao that is max_lease_ttl of the engine"
      : `then ends ${nameOf(earliest)}, which signed it: have a new one made`;
  return `what is issued is good until ${new Date(end).toISOString()}, and not for the ${duration} that were asked: ${cause}`;
}

/** Where the issuer tells no root, but what another has signed: who comes after it would be another root to the mesh. */
function rootless(chain: readonly X509Certificate[]): string | undefined {
  const last = chain.at(-1);
  if (last === undefined || chain.length === 1 || last.checkIssued(last)) return undefined;
  return (
    `what the issuer tells as the root (ca.crt) is ${nameOf(last)}, which is none: its successor would be another root to the mesh. Of Vault or OpenBao write ` +
    "MOUNT/intermediate/set-signed again, with the root's certificate behind the intermediate's"
  );
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replace(/\s+/g, " ");
}

/** The certificate where it is not issued yet. */
async function missingAuthority(waiting: AuthorityWaitOptions): Promise<Missing | undefined> {
  const answer = await waiting.request("GET", certificatePath);
  const what = `the Certificate ${authoritySecret} in ${authorityNamespace} to be issued`;
  if (answer.status !== 200) return { what: `${what} (${described(answer)})`, look };
  const certificate = answer.body;
  const revision = at(certificate, "status", "revision");
  const issued = typeof revision === "number" ? revision : 0;
  const seen = at(condition(certificate, "Ready"), "observedGeneration");
  if (holds(certificate, "Ready") && seen === at(certificate, "metadata", "generation")) {
    const chain = certificatesOf(await requestOf(waiting, issued));
    assertAuthority(chain);
    for (const problem of [shortened(chain, waiting.duration), rootless(chain)]) {
      if (problem !== undefined) waiting.report(problem);
    }
    return undefined;
  }
  const message = at(condition(await requestOf(waiting, issued + 1), "Ready"), "message");
  const said = inOneLine(typeof message === "string" ? message : "");
  if (hasFailed(certificate)) {
    throw final(
      `The issuer did not sign the mesh's authority: ${said}. Look at: ${vaultAdvice(said) ?? look}. Then run pulumi up again, which has cert-manager try at once.`,
    );
  }
  const advice = vaultAdvice(said);
  return {
    what: said === "" ? what : `${what} (${said})`,
    ...(advice === undefined ? { look } : { look: advice, needsSomebody: true }),
  };
}

/** Has cert-manager try again at once where its last try failed, as `cmctl renew` does: by itself it would in an hour or more. */
async function tryAgain({ request }: Waiting): Promise<void> {
  const { body: certificate } = await request("GET", certificatePath);
  if (!hasFailed(certificate) || holds(certificate, "Ready")) return;
  const issuing = {
    ...{ type: "Issuing", status: "True", reason: "ManuallyTriggered" },
    ...{ message: "pulumi up runs again", lastTransitionTime: new Date().toISOString() },
  };
  const others = elements(at(certificate, "status", "conditions")).filter((one) => at(one, "type") !== "Issuing");
  const answer = await request("PATCH", `${certificatePath}/status`, { status: { conditions: [...others, issuing] } });
  if (answer.status === 200) return;
  throw final(
    `The issuer did not sign the mesh's authority before, and cert-manager is not to be told to try again (${described(answer)}). Look at: ${look}. ` +
      `Then: cmctl renew -n ${authorityNamespace} ${authoritySecret}, and pulumi up again.`,
  );
}

/**
 * Waits until cert-manager has issued the mesh's authority, and looks whether it is one; tells of a life that was cut short, and of a root that is none.
 *
 * @throws Error that says what the issuer said where it refused, and what to look at; or what was missing when the time ran out.
 */
export async function waitForAuthority(waiting: AuthorityWaitOptions): Promise<void> {
  let isTold = false;
  const told = async (): Promise<undefined> => {
    if (!isTold) await tryAgain(waiting);
    isTold = true;
  };
  await waitUntilReady("The mesh's authority", [told, () => missingAuthority(waiting)], waiting);
}
