/**
 * Runs index.ts with mocks in place of the engine and prints what it registers, as JSON: `run-program.ts STACK SETTINGS`.
 * A process of its own, because dynamic resources are serialised from their source text, which vitest transforms.
 */
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

/** As AKS gives it out. */
const kubeconfig = Buffer.from(
  "apiVersion: v1\nkind: Config\nusers: [{ name: u, user: { exec: { command: kubelogin, args: [get-token, --login, devicecode] } } }]\n",
).toString("base64");

const [stack = "", settings = "{}"] = process.argv.slice(2);
const registered: { type: string; name: string; inputs: unknown }[] = [];

async function main(): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        registered.push({ type, name, inputs });
        // What the providers of the dynamic resources would answer.
        const computed = type.endsWith("InlinePools") ? { inlinePools: "" } : {};
        return { id: id || `${name}-id`, state: { name, ...inputs, ...computed } };
      },
      call: ({ token }) => {
        if (token.endsWith("getClientConfig")) return { objectId: "00000000-0000-0000-0000-00000000beef" };
        if (token.endsWith("UserCredentials")) return { kubeconfigs: [{ name: "k", value: kubeconfig }] };
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
