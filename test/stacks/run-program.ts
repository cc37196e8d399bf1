/**
 * Runs index.ts with mocks in place of the engine and prints what it registers, as JSON: `run-program.ts STACK SETTINGS`.
 * A process of its own, because dynamic resources are serialised from their source text, which vitest transforms.
 */
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

const [stack = "", settings = "{}"] = process.argv.slice(2);
const registered: { type: string; name: string; inputs: unknown }[] = [];

async function main(): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        registered.push({ type, name, inputs });
        return { id: id ?? `${name}-id`, state: { name, ...inputs } };
      },
      call: ({ token }) => {
        if (token.endsWith("getClientConfig")) return { objectId: "00000000-0000-0000-0000-00000000beef" };
        if (token.endsWith("UserCredentials")) return { kubeconfigs: [{ name: "k", value: "" }] };
        throw new Error(`unexpected call of ${token}`);
      },
    },
    "aks-mesh",
    stack,
    false,
  );
  pulumi.runtime.setAllConfig(JSON.parse(settings) as Record<string, string>);
  createRequire(__filename)("../../index");
}

process.once("beforeExit", () => process.stdout.write(JSON.stringify(registered)));
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
