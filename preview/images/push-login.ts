import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { azureRefreshToken, type RegistryOptions, takesAzureToken } from "./registry";

/** Name that Azure's registries know a token's owner by (https://learn.microsoft.com/azure/container-registry/container-registry-authentication). */
const nameOfTokens = "00000000-0000-0000-0000-000000000000";

/**
 * Runs work with the variables by which builders are logged in to a registry of Azure's, from a file that nobody else can read and that is
 * gone afterwards. Any other registry they get as they are logged in already.
 */
export async function loggedIn<T>(
  registry: string,
  environment: NodeJS.ProcessEnv,
  options: RegistryOptions,
  work: (environment: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  if (!takesAzureToken(registry, options)) return work(environment);
  const folder = await mkdtemp(join(tmpdir(), "aks-mesh-login-"));
  try {
    const usual = environment["DOCKER_CONFIG"] || join(environment["HOME"] || homedir(), ".docker");
    const auth = Buffer.from(`${nameOfTokens}:${await azureRefreshToken(registry, options)}`).toString("base64");
    const config = { auths: { [registry]: { auth } }, cliPluginsExtraDirs: [join(usual, "cli-plugins")] };
    const file = join(folder, "config.json");
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    return await work({
      // Builders of the user's own stay known.
      BUILDX_CONFIG: join(usual, "buildx"),
      ...environment,
      DOCKER_CONFIG: folder,
      REGISTRY_AUTH_FILE: file,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
