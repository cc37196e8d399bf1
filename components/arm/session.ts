import { type dynamic } from "@pulumi/pulumi";
import { type ArmClient, openArm } from "./client";
import { azureSettings, type AzureSettings } from "./settings";

/** What the methods of a dynamic provider share: the settings that Pulumi gives it first, and a client that logs in at its first use. */
export interface ArmSession {
  /** The `configure` of a dynamic provider. */
  readonly configure: NonNullable<dynamic.ResourceProvider["configure"]>;
  readonly settings: () => AzureSettings;
  readonly client: () => Promise<ArmClient>;
}

/** @param open Logs in to Azure; replaced in tests. */
export function armSession(open: (settings: AzureSettings) => Promise<ArmClient> = openArm): ArmSession {
  let configured: AzureSettings | undefined;
  let opened: Promise<ArmClient> | undefined;
  const settings = (): AzureSettings => (configured ??= azureSettings(() => undefined, process.env));
  return {
    async configure({ config }) {
      configured = azureSettings((key) => config.get(key), process.env);
    },
    settings,
    client: () => (opened ??= open(settings())),
  };
}
