import * as pulumi from "@pulumi/pulumi";
import { cloudNamed } from "../components/arm/cloud";
import { credentialFor } from "../components/arm/credential";
import { azureSettings } from "../components/arm/settings";
import { queryPrometheus } from "../rollout";

/** Asks a query; undefined where the answer is empty. */
export type GatePrometheus = (query: string) => Promise<number | undefined>;

/** How long a query may take, in milliseconds: a gate that gets no answer holds its rollout, and the run goes on. */
const timeoutMs = 10_000;

/** Hosts of Azure's managed Prometheus, and what tokens for it are asked for. */
const azure = { host: ".prometheus.monitor.azure.com", scope: "https://prometheus.monitor.azure.com/.default" };

/**
 * The Prometheus that gates ask.
 *
 * @param address as it is set.
 * @param own that of the stack, as its last run said.
 */
export function gatePrometheus(
  address: string | undefined,
  own: unknown,
  environment: NodeJS.ProcessEnv,
): GatePrometheus {
  const asked = address ?? (typeof own === "string" && own !== "" ? own : undefined);
  return async (query) => {
    if (asked === undefined) {
      throw new Error(
        "no Prometheus is known: set one, `pulumi config set prometheus http://…`, or the setting metrics to on",
      );
    }
    const token = environment["PROMETHEUS_TOKEN"] ?? (await azureToken(asked, environment));
    const [first] = await queryPrometheus(asked, query, { token, timeoutMs });
    return first?.value;
  };
}

/** A token of whoever runs the program, for Azure's Prometheus alone. */
async function azureToken(address: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (!URL.canParse(address) || !new URL(address).hostname.endsWith(azure.host)) return undefined;
  const settings = azureSettings((key) => pulumi.runtime.getConfig(key), environment);
  const credential = await credentialFor(settings, cloudNamed(settings.environment));
  return (await credential.getToken(azure.scope))?.token;
}
