import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { type Sandbox } from "../../sandbox/sandbox";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function call(
  sandbox: Sandbox,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  const ca = await readFile(sandbox.paths.certificateAuthority);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "localhost", port: sandbox.emulator.port, ca, method, path, headers },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: text === "" ? undefined : JSON.parse(text) }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function token(sandbox: Sandbox): Promise<string> {
  const { tenantId, clientId, clientSecret } = sandbox.emulator.credentials;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    scope: "https://management.core.windows.net/.default",
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const { body } = await call(sandbox, "POST", `/${tenantId}/oauth2/v2.0/token`, headers, form.toString());
  return (body as { access_token: string }).access_token;
}

/** Calls Azure Resource Manager as the sandbox's service principal; the path begins behind the subscription. */
export async function arm(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${await token(sandbox)}`, "content-type": "application/json" };
  const whole = `/subscriptions/${sandbox.emulator.credentials.subscriptionId}${path}`;
  return call(sandbox, method, whole, headers, body === undefined ? undefined : JSON.stringify(body));
}

const feature = "/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/AKS-OpenServiceMesh";

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 300_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("Azure did not get there within five minutes.");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function featureState(sandbox: Sandbox): Promise<string> {
  const { body } = await arm(sandbox, "GET", `${feature}?api-version=2021-07-01`);
  return (body as { properties: { state: string } }).properties.state;
}

/** Unregisters the add-on's feature by hand, and waits until that has happened. */
export async function unregisterFeature(sandbox: Sandbox): Promise<void> {
  await arm(sandbox, "POST", `${feature}/unregister?api-version=2021-07-01`);
  await until(async () => ["Unregistered", "NotRegistered"].includes(await featureState(sandbox)));
}

/** What ARM lists, of the kinds that a stack makes: groups (AKS's own `MC_` groups aside), resources, node pools. */
export async function resourcesInAzure(sandbox: Sandbox): Promise<string[]> {
  const list = async (path: string) => {
    const { body } = await arm(sandbox, "GET", `${path}?api-version=2022-09-01`);
    return (body as { value: { id: string; managedBy?: string; type?: string }[] }).value;
  };
  const groups = (await list("/resourcegroups")).filter(({ managedBy }) => managedBy === undefined);
  const resources = await list("/resources");
  const clusters = resources.filter(({ type }) => type?.toLowerCase() === "microsoft.containerservice/managedclusters");
  const pools = await Promise.all(
    clusters.map(async ({ id }) => {
      const path = id.slice(id.indexOf("/", "/subscriptions/".length));
      const { body } = await arm(sandbox, "GET", `${path}/agentPools?api-version=2024-09-01`);
      return (body as { value: { id: string }[] }).value;
    }),
  );
  const inManagedGroup = ({ id }: { id: string }) => /\/resourcegroups\/mc_/i.test(id);
  return [...groups, ...resources, ...pools.flat()]
    .filter((resource) => !inManagedGroup(resource))
    .map(({ id }) => id.toLowerCase())
    .sort();
}

/** What ARM should list according to a stack's state. */
export function resourcesInState(resources: readonly { type: string; id?: string }[]): string[] {
  const listed =
    /^azure-native:(resources:ResourceGroup|containerservice:(ManagedCluster|AgentPool)|managedidentity:|operationalinsights:|network:|dashboard:|monitor:DataCollectionRule$)/;
  return resources.flatMap(({ type, id }) => (listed.test(type) && id !== undefined ? [id.toLowerCase()] : [])).sort();
}
