import { cloudNamed } from "../../components/arm/cloud";
import { credentialFor } from "../../components/arm/credential";
import { azureSettings } from "../../components/arm/settings";

/** What Azure's registries take of Entra ID: a token that is good for registries and nothing else. */
const audience = "https://containerregistry.azure.net/.default";

/** Whether a registry is one of Azure's, in any of its clouds. */
export function isAzureRegistry(registry: string): boolean {
  return /^[a-z0-9-]+\.azurecr\.(io|us|cn)$/.test(registry);
}

/**
 * A token for Azure's registries, as whom the environment of the command says: in a workflow that is what GitHub vouches for.
 *
 * @throws Error where Azure gives none.
 */
export async function azureToken(environment: NodeJS.ProcessEnv): Promise<string> {
  const settings = azureSettings(() => undefined, environment);
  const credential = await credentialFor(settings, cloudNamed(settings.environment));
  const answer = await credential.getToken(audience);
  if (answer === null) throw new Error("Entra ID answered without a token.");
  return answer.token;
}
