import { capture } from "./capture";

/** The subscription that azure-native would use: from ARM_SUBSCRIPTION_ID, the stack's settings, or azure-cli. */
export async function subscriptionOf(stack: string): Promise<string> {
  const fromEnvironment = process.env.ARM_SUBSCRIPTION_ID;
  if (fromEnvironment !== undefined && fromEnvironment !== "") return fromEnvironment;
  const sources = [
    ["pulumi", "config", "get", "azure-native:subscriptionId", "--stack", stack],
    ["az", "account", "show", "--query", "id", "--output", "tsv"],
  ] as const;
  for (const [command, ...args] of sources) {
    const { code, stdout } = await capture(command, args);
    if (code === 0 && stdout.trim() !== "") return stdout.trim();
  }
  throw new Error("No subscription is known. Set ARM_SUBSCRIPTION_ID, or log in with `az login`.");
}
