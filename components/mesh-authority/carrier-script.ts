/** Names of the variables that the script reads, beside azure-cli's own. */
export interface CarrierEnvironment {
  /** Name of the vault. */
  readonly VAULT: string;
  /** Folder with cert-manager's Secret: `tls.crt`, `tls.key`, `ca.crt`. */
  readonly AUTHORITY: string;
  /** Folder for what has to be a file, that nothing else reads. */
  readonly HOME: string;
  /** Names of the vault's secrets. */
  readonly ROOT_CERTIFICATE: string;
  readonly CERTIFICATE: string;
  readonly KEY: string;
  readonly CERTIFICATE_CHAIN: string;
  /** How long a sidecar's certificate holds: after that time every sidecar believes a root that was added. */
  readonly SIDECAR_SECONDS: string;
  /** Who writes into the vault, and where its token is. */
  readonly AZURE_CLIENT_ID: string;
  readonly AZURE_TENANT_ID: string;
  readonly AZURE_FEDERATED_TOKEN_FILE: string;
}

/**
 * Carries what cert-manager has issued into the key vault, for bash and azure-cli. The key goes by its file alone. The vault's root certificates are written where there are
 * none, and never after: istiod takes no root that came alone, and what a new one signed is refused until every sidecar believes it. The certificate itself goes last, so that
 * a carrying that was cut off is done anew; until then istiod refuses what does not fit together. The key goes before the chain: istiod takes
 * the old key and certificate with a new chain (Verify in security/pkg/pki/util/keycertbundle.go), and whoever it signs for meanwhile shows a chain that does not lead to its signer.
 */
export const carrierScript = `set -euo pipefail
umask 077
fail() { printf 'mesh authority: %s\\n' "$*" >&2; exit 1; }
squeezed() { printf '%s' "\${1//[[:space:]]/}"; }

# A field of a secret without white space; empty where the vault has no secret of this name, which azure-cli ends with 3 for.
stored() {
  local value status=0
  value=$(az keyvault secret show --vault-name "$VAULT" --name "$1" --query "$2" --output tsv 2>"$HOME/problem") || status=$?
  case $status in
    0) squeezed "$value" ;;
    3) ;;
    *) fail "secret $1 of the vault $VAULT cannot be read: $(<"$HOME/problem")" ;;
  esac
}

put() {
  az keyvault secret set --vault-name "$VAULT" --name "$1" --file "$2" --encoding utf-8 --output none --only-show-errors ||
    fail "secret $1 of the vault $VAULT cannot be set"
  printf 'mesh authority: secret %s of the vault %s is set\\n' "$1" "$VAULT"
}

end='-----END CERTIFICATE-----'
root=$(<"$AUTHORITY/ca.crt")
chain=$(<"$AUTHORITY/tls.crt")
[[ $root == *"$end"* ]] || fail 'the issuer tells no root (ca.crt of the Secret is empty): take an issuer that does'
[[ $chain == *"$end"* && -s $AUTHORITY/tls.key ]] || fail 'nothing is issued yet'
printf '%s%s\\n' "\${chain%%"$end"*}" "$end" >"$HOME/certificate.pem"
# basicConstraints with CA:TRUE, in DER: istiod would not start with anything else.
encoded=$(grep -v -- ----- "$HOME/certificate.pem" | base64 --decode | od -An -v -tx1 | tr -d ' \\n')
[[ $encoded =~ 0603551d13(0101ff)?04..30..0101ff ]] ||
  fail 'what is issued may sign no certificates. Nothing is carried: take an issuer that signs authorities, of Vault or OpenBao the path MOUNT/root/sign-intermediate'
printf '%s\\n%s\\n' "$chain" "$root" >"$HOME/chain.pem"

az login --service-principal --username "$AZURE_CLIENT_ID" --tenant "$AZURE_TENANT_ID" \\
  --federated-token "@$AZURE_FEDERATED_TOKEN_FILE" --allow-no-subscriptions --output none --only-show-errors ||
  fail "the identity $AZURE_CLIENT_ID cannot sign in"

roots=$(stored "$ROOT_CERTIFICATE" value)
if [[ -n $roots && $roots != *"$(squeezed "$root")"* ]]; then
  fail "what is issued ends at a root that secret $ROOT_CERTIFICATE of the vault $VAULT does not hold. Nothing is carried: sidecars would not believe it." \
    "Give cert-manager an issuer of the old root; or add the new root, ca.crt of the Secret, to $ROOT_CERTIFICATE behind the old one."
fi
certificate=$(stored "$CERTIFICATE" value)
if [[ -n $roots && $certificate == "$(squeezed "$(<"$HOME/certificate.pem")")" ]]; then
  printf 'mesh authority: the vault %s has the newest\n' "$VAULT"
  exit 0
fi
believed=$(stored "$CERTIFICATE_CHAIN" value)
if [[ -n $certificate && $believed != *"$(squeezed "$root")"* ]]; then
  added=$(date --date "$(stored "$ROOT_CERTIFICATE" attributes.updated)" +%s)
  left=$((added + SIDECAR_SECONDS - $(date +%s)))
  if ((left > 0)); then
    printf 'mesh authority: not every sidecar believes the new root yet; what it signed is carried after %s seconds\n' "$left"
    exit 0
  fi
fi
if [[ -z $roots ]]; then put "$ROOT_CERTIFICATE" "$AUTHORITY/ca.crt"; fi
put "$KEY" "$AUTHORITY/tls.key"
put "$CERTIFICATE_CHAIN" "$HOME/chain.pem"
put "$CERTIFICATE" "$HOME/certificate.pem"
`;
