import { certManagerGroup, type Issuance } from "../aks-cluster/issuance";
import {
  type ApiRequest,
  at,
  described,
  elements,
  holds,
  type Missing,
  missingDefinitions,
  type Waiting,
  waitUntilReady,
} from "../service-mesh/waiting";
import { inOneLine, vaultAdvice } from "./vault-advice";

/** What {@link waitForIssuer} needs to know and to do. */
export interface IssuerWaitOptions extends Waiting {
  /** Default: cert-manager's definitions alone are waited for. */
  readonly issuer?: Issuance["issuer"];
  /** Namespace of an `Issuer`. */
  readonly namespace: string;
}

/** An issuer of cert-manager's own kinds that is not there, or not ready. Of other kinds nothing is known. */
async function missingIssuer(
  request: ApiRequest,
  issuer: Issuance["issuer"] | undefined,
  namespace: string,
): Promise<Missing | undefined> {
  if (issuer?.group !== certManagerGroup) return undefined;
  const { name, kind, group } = issuer;
  const [place, plural] = kind === "Issuer" ? [`namespaces/${namespace}/`, "issuers"] : ["", "clusterissuers"];
  const where = kind === "Issuer" ? ` in ${namespace}` : "";
  const answer = await request("GET", `/apis/${group}/v1/${place}${plural}/${name}`);
  const look = `kubectl ${where === "" ? "" : `-n ${namespace} `}describe ${kind.toLowerCase()} ${name}`;
  if (answer.status === 404) {
    return { what: `the ${kind} ${name}${where}`, look: "docs/certificates.md: the issuer is yours to make" };
  }
  if (answer.status !== 200) return { what: `the ${kind} ${name}${where} (${described(answer)})`, look };
  if (holds(answer.body, "Ready")) return undefined;
  const ready = elements(at(answer.body, "status", "conditions")).find((one) => at(one, "type") === "Ready");
  const message = at(ready, "message");
  const said = typeof message === "string" ? inOneLine(message) : undefined;
  const what = `the ${kind} ${name}${where} to be ready${said === undefined ? "" : ` (${said})`}`;
  const advice = vaultAdvice(said ?? "");
  return advice === undefined ? { what, look } : { what, look: advice, needsSomebody: true };
}

/**
 * Waits until cert-manager can be asked for a certificate: its definitions are established, and the issuer, where there is one, is ready.
 *
 * @throws Error that names what was missing when the time ran out, and what to look at.
 */
export async function waitForIssuer(options: IssuerWaitOptions): Promise<void> {
  const { request, issuer, namespace } = options;
  await waitUntilReady(
    "cert-manager",
    [
      () =>
        missingDefinitions(
          request,
          [`certificates.${certManagerGroup}`, `certificaterequests.${certManagerGroup}`],
          "whether cert-manager is installed: kubectl get crd certificates.cert-manager.io",
        ),
      () => missingIssuer(request, issuer, namespace),
    ],
    options,
  );
}
