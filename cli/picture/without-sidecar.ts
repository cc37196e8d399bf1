import { type Access, type AccessEntry, type Mesh } from "../../mesh";
import { fingerprint } from "../../mesh/analysis/fingerprint";
import { accountCaller, sentTo } from "../../mesh/analysis/mesh";
import { answersIn } from "../../mesh/analysis/outcome-sets";

/** Most pairs of such an account and a port that are asked about: beyond them the accounts are shown alone. */
const mostPairs = 20_000;

/** Accounts whose pods are not in the mesh, which the relation does not name, and what they may call in it. */
interface WithoutSidecar {
  readonly accounts: ReadonlySet<string>;
  readonly entries: readonly AccessEntry[];
}

/** Who runs in the cluster and not in the mesh, such as an ingress controller. */
export function entriesWithoutSidecar(mesh: Mesh, relation: Access): WithoutSidecar {
  const inMesh = new Set(relation.callers);
  const accounts = new Set([...(mesh.knownAccounts() ?? [])].filter((account) => !inMesh.has(account)).sort());
  // A server name of its own changes little: the calls by TLS that are asked about have none.
  const entrances = mesh.boundary().entrances.filter(({ tls }) => tls === undefined || tls.serverName === "");
  if (accounts.size * entrances.length > mostPairs) return { accounts, entries: [] };
  const entries = entrances.flatMap((service) => {
    const alike = new Map<string, { readonly callers: string[]; readonly entry: AccessEntry }>();
    for (const account of accounts) {
      const tree = mesh.callTree(accountCaller(account), service, sentTo(service));
      if (!answersIn(tree).has("allowed")) continue;
      const print = fingerprint(tree);
      const known = alike.get(print);
      if (known === undefined) {
        const callers = [account];
        alike.set(print, { callers, entry: { callers, service, tree } });
      } else known.callers.push(account);
    }
    return Array.from(alike.values(), ({ entry }) => entry);
  });
  return { accounts, entries };
}
