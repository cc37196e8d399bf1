import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { azureCliEnvironment, ensureAzureCli, signInAzureCli } from "./arm/azure-cli";
import { openVaultProxy } from "./arm/vault-proxy";
import { run } from "./engine";
import { type Sandbox } from "./sandbox";

/** `az …`: the real azure-cli, signed in to the sandbox's Azure, with settings of its own. */
export async function azCommand({ paths, emulator, report }: Sandbox, args: readonly string[]): Promise<number> {
  const cli = await ensureAzureCli(report);
  const configDirectory = join(paths.directory, "azure-cli");
  const target = {
    url: `https://localhost:${emulator.port}`,
    caFile: paths.certificateAuthority,
    identity: emulator.credentials,
    configDirectory,
  };
  // Signing in takes seconds: once, and again when the emulator has moved to another port.
  const mark = join(configDirectory, "signed-in-at");
  const signedIn = existsSync(mark) && (await readFile(mark, "utf8")) === target.url;
  const environment = signedIn ? azureCliEnvironment(cli, target) : await signInAzureCli(cli, target);
  if (!signedIn) await writeFile(mark, target.url);
  const vaults = await openVaultProxy(emulator.port);
  try {
    const proxied = { ...environment, ...vaults.environment };
    return (await run(cli.path, args, { cwd: process.cwd(), environment: proxied, output: "show" })).code;
  } finally {
    await vaults.close();
  }
}
