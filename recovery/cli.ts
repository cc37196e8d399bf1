import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { type Pulumi, recover } from ".";

/** Runs a command of the person's own machine and captures what it prints. */
function capture(command: string, args: readonly string[]): ReturnType<Pulumi> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** The subscription that azure-native would use: from ARM_SUBSCRIPTION_ID, the stack's settings, or azure-cli. */
async function subscription(stack: string): Promise<string> {
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

/** `npm run recover -- --stack NAME`: see `recover`. */
async function main(): Promise<void> {
  const { stack } = parseArgs({ options: { stack: { type: "string" } } }).values;
  if (stack === undefined) throw new Error("Say which stack: npm run recover -- --stack dev");
  const count = await recover({
    pulumi: (args) => capture("pulumi", args),
    stack,
    subscriptionId: await subscription(stack),
    report: (message) => console.error(message),
  });
  console.log(
    count === 0 ? `Nothing was under way on stack ${stack}.` : `Stack ${stack} is ready for the next \`pulumi up\`.`,
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
