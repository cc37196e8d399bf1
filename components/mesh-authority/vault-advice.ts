/** What cert-manager says of Vault or OpenBao, and what to look at then. The first that fits counts. */
const advice: readonly (readonly [said: RegExp, look: string])[] = [
  [
    /is sealed/i,
    "Vault itself: nothing is signed until somebody unseals it (vault operator unseal, bao operator unseal)",
  ],
  [
    /not initialized/i,
    "Vault itself: it is new, and waits for its initialisation (vault operator init, bao operator init)",
  ],
  [
    /x509:|tls:|http response to https client/i,
    "the issuer's server and caBundle: the certificate of who signed the server's",
  ],
  [
    /connection refused|no such host|i\/o timeout|deadline exceeded|no route to host/i,
    "the issuer's server, and whether pods of cert-manager reach it: names, network policies, firewalls",
  ],
  [
    /serviceaccounts.*is forbidden|cannot create resource "serviceaccounts\/token"/i,
    "the RoleBinding vault-issuer in mesh-authority: it is for the account cert-manager in the namespace cert-manager, and cert-manager runs as another",
  ],
  [
    /auth\/\S+\/login[^]*Code: 4\d\d/i,
    "the login in Vault: its path, the name of the role, and what that is bound to; where the program makes the issuer the account vault-issuer in mesh-authority and the audience vault://mesh-authority/vault",
  ],
  [
    /failed to sign[^]*(permission denied|Code: 403)/i,
    "the policy of the role of the login, or the token: it needs update on the issuer's path, which ends with root/sign-intermediate",
  ],
  [
    /failed to sign[^]*Code: 40[045]/i,
    "the issuer's path: where the engine pki is mounted, then root/sign-intermediate; and whether the engine has an issuer with its key",
  ],
];

/** What to look at where cert-manager says that of Vault; nothing where no advice fits. */
export function vaultAdvice(said: string): string | undefined {
  return advice.find(([pattern]) => pattern.test(said))?.[1];
}

/** A message of several lines as one. */
export function inOneLine(said: string): string {
  return said.replace(/\s+/g, " ").trim();
}
