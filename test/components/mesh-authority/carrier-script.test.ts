import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { carrierScript } from "../../../components/mesh-authority/carrier-script";

/** As much of azure-cli as the script asks for: secrets are files, a name in `broken` is one that the vault refuses. What it was told is noted. */
const az = `#!/bin/bash
vault=VAULT_FOLDER
printf '%s\\n' "$*" >>"$vault/../told"
option() { local name=$1; shift; while (($# > 0)); do if [[ $1 == "$name" ]]; then printf '%s' "$2"; return; fi; shift; done; }
name=$(option --name "$@")
case "$1 $2 $3" in
  login*) exit 0 ;;
  "keyvault secret show")
    if [[ -e $vault/../broken ]]; then echo "ERROR: (Forbidden) no" >&2; exit 1; fi
    if [[ ! -e $vault/$name ]]; then echo "ERROR: (SecretNotFound) no" >&2; exit 3; fi
    if [[ $(option --query "$@") == value ]]; then cat "$vault/$name"; else cat "$vault/../updated"; fi ;;
  "keyvault secret set")
    if [[ $(cat "$vault/../refused" 2>/dev/null) == "$name" ]]; then exit 1; fi
    cp "$(option --file "$@")" "$vault/$name" ;;
  *) exit 2 ;;
esac
`;

/** basicConstraints with CA:TRUE and without, and with a path length, in DER. */
const extensions = {
  ca: "0603551d130101ff040530030101ff",
  end: "0603551d130101ff04023000",
  ofPath: "0603551d13040830060101ff020100",
};
const certificate = (text: string, extension = extensions.ca): string => {
  const der = Buffer.concat([Buffer.from(text), Buffer.from(extension, "hex")]);
  return `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
};
const rootA = certificate("rootA");
const rootB = certificate("rootB");
const first = certificate("first");
const second = certificate("second");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "carrier-"));
  for (const name of ["vault", "authority", "work", "bin"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "bin", "az"), az.replace("VAULT_FOLDER", join(folder, "vault")));
  chmodSync(join(folder, "bin", "az"), 0o755);
  writeFileSync(join(folder, "updated"), new Date().toISOString());
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What cert-manager has issued. */
function issue(chain: string, key: string, root: string): void {
  const files = { "tls.crt": chain, "tls.key": key, "ca.crt": root };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "authority", name), text);
}

function inVault(secrets: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(folder, "vault", name), text);
}

/** The secrets of the vault. */
function vault(): Record<string, string> {
  const names = readdirSync(join(folder, "vault"));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, "vault", name), "utf8")]));
}

/** What azure-cli was told to set, in this order. */
function set(): string[] {
  const told = readFileSync(join(folder, "told"), "utf8");
  return [...told.matchAll(/^keyvault secret set .*--name (\S+)/gm)].map(([, name = ""]) => name);
}

function carry() {
  rmSync(join(folder, "told"), { force: true });
  const { status, stdout, stderr } = spawnSync("bash", ["-c", carrierScript], {
    encoding: "utf8",
    env: {
      PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
      VAULT: "shop",
      AUTHORITY: join(folder, "authority"),
      HOME: join(folder, "work"),
      ROOT_CERTIFICATE: "root-cert",
      CERTIFICATE: "ca-cert",
      KEY: "ca-key",
      CERTIFICATE_CHAIN: "cert-chain",
      SIDECAR_SECONDS: "86400",
      AZURE_CLIENT_ID: "client",
      AZURE_TENANT_ID: "tenant",
      AZURE_FEDERATED_TOKEN_FILE: join(folder, "authority", "token"),
    },
  });
  return { status, stdout, stderr };
}

const ofFirst = { "root-cert": rootA, "ca-cert": first, "ca-key": "key 1", "cert-chain": `${first}${rootA}` };

describe("what carries the authority into the vault", () => {
  it("fills an empty vault, the certificate last, and has nothing more to do then", () => {
    issue(first, "key 1", rootA);
    expect(carry()).toMatchObject({ status: 0, stderr: "" });
    expect(set()).toEqual(["root-cert", "ca-key", "cert-chain", "ca-cert"]);
    expect(vault()).toEqual(ofFirst);
    expect(carry()).toMatchObject({ status: 0, stdout: "mesh authority: the vault shop has the newest\n" });
    expect(set()).toEqual([]);
  });

  it("carries the next certificate with its key, and leaves the roots as they are", () => {
    inVault({ ...ofFirst, "root-cert": `${rootB}${rootA}` });
    issue(second, "key 2", rootA);
    expect(carry().status).toBe(0);
    // With the old key still there istiod would take the new chain, and sign by the old one.
    expect(set()).toEqual(["ca-key", "cert-chain", "ca-cert"]);
    expect(vault()).toMatchObject({ "root-cert": `${rootB}${rootA}`, "ca-cert": second, "ca-key": "key 2" });
  });

  it("takes the first of several certificates as that which signs, and all of them as the chain", () => {
    issue(`${first}${second}`, "key 1", rootA);
    expect(carry().status).toBe(0);
    expect(vault()).toMatchObject({ "ca-cert": first, "cert-chain": `${first}${second}${rootA}` });
  });

  it("does all of it anew where it was cut off before the certificate", () => {
    issue(first, "key 1", rootA);
    writeFileSync(join(folder, "refused"), "ca-cert");
    expect(carry()).toMatchObject({ status: 1 });
    expect(Object.keys(vault())).not.toContain("ca-cert");
    rmSync(join(folder, "refused"));
    expect(carry().status).toBe(0);
    expect(vault()).toEqual(ofFirst);
  });

  it("carries nothing below a root that the vault does not hold, and says what to do", () => {
    inVault(ofFirst);
    issue(second, "key 2", rootB);
    const { status, stderr } = carry();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /secret root-cert of the vault shop does not hold.*add the new root, ca\.crt of the Secret, to root-cert/s,
    );
    expect(vault()).toEqual(ofFirst);
  });

  it("waits with what a new root signed until every sidecar has had the time to believe it", () => {
    const both = { ...ofFirst, "root-cert": `${rootA}${rootB}` };
    inVault(both);
    issue(second, "key 2", rootB);
    expect(carry()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/is carried after 86\d{3} seconds/) as string,
    });
    expect(vault()).toEqual(both);
    writeFileSync(join(folder, "updated"), new Date(Date.now() - 86_401_000).toISOString());
    expect(carry().status).toBe(0);
    expect(vault()).toMatchObject({ "root-cert": `${rootA}${rootB}`, "ca-cert": second, "ca-key": "key 2" });
  });

  it("fails where the vault cannot be read, in place of taking it for empty", () => {
    issue(first, "key 1", rootA);
    writeFileSync(join(folder, "broken"), "");
    expect(carry()).toMatchObject({
      status: 1,
      stderr: "mesh authority: secret root-cert of the vault shop cannot be read: ERROR: (Forbidden) no\n",
    });
    expect(set()).toEqual([]);
  });

  it("fails where the issuer tells no root, or nothing is issued", () => {
    issue(first, "key 1", "");
    expect(carry()).toMatchObject({ status: 1, stderr: expect.stringContaining("the issuer tells no root") as string });
    issue("", "", rootA);
    expect(carry()).toMatchObject({ status: 1, stderr: expect.stringContaining("nothing is issued yet") as string });
    expect(existsSync(join(folder, "told"))).toBe(false);
  });

  it("carries what may sign no further authority, and nothing that may sign no certificates", () => {
    issue(certificate("leaf", extensions.end), "key 1", rootA);
    expect(carry()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("may sign no certificates. Nothing is carried") as string,
    });
    expect(existsSync(join(folder, "told"))).toBe(false);
    issue(certificate("short", extensions.ofPath), "key 1", rootA);
    expect(carry()).toMatchObject({ status: 0, stderr: "" });
  });

  it("shows the key to nobody: not in what it says, not as an argument", () => {
    issue(first, "PRIVATE", rootA);
    const { stdout, stderr } = carry();
    expect(stdout + stderr + readFileSync(join(folder, "told"), "utf8")).not.toContain("PRIVATE");
    expect(vault()).toMatchObject({ "ca-key": "PRIVATE" });
  });
});
