import { type EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registers it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** As AKS gives it out. */
const kubeconfig = Buffer.from(
  "apiVersion: v1\nkind: Config\nusers: [{ name: u, user: { exec: { command: kubelogin, args: [get-token, --login, devicecode] } } }]\n",
).toString("base64");

const repository = dirname(dirname(__dirname));
const load = createRequire(join(repository, "index.ts"));
load("./scripts/typescript.cjs");

/** Forgets the project's own modules, as a new process would: the program is what its modules do when they are loaded. */
function forgetProgram(): void {
  for (const file of Object.keys(load.cache)) {
    if (file.startsWith(repository + sep) && !file.includes(`${sep}node_modules${sep}`)) delete load.cache[file];
  }
}

/**
 * Runs a program in this process with mocks in place of the engine. Node's own `require` loads it, not vitest: dynamic resources are
 * serialised from their source text, which vitest transforms.
 * @param settings Configuration by full key.
 * @param main The program's main file. Default: this project's own.
 * @param outputs What the stack's last run left. Default: there was none.
 * @returns what it registers; rejects with what the program throws.
 */
export async function runProgram(
  stack: string,
  settings: Readonly<Record<string, string>>,
  main = join(repository, "index.ts"),
  outputs: Readonly<Record<string, unknown>> = {},
): Promise<Registered[]> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        registered.push({ type, name, inputs: inputs as Record<string, unknown> });
        // What the providers of the dynamic resources would answer.
        const computed = type.endsWith("InlinePools")
          ? { inlinePools: String(inputs.profile) }
          : type.endsWith("AzureMonitorWorkspace")
            ? { metrics: { prometheusQueryEndpoint: "https://metrics.example" } }
            : {};
        return { id: id || `${name}-id`, state: { name, ...inputs, ...computed } };
      },
      call: ({ token }) => {
        if (token.endsWith("getClientConfig")) return { objectId: "00000000-0000-0000-0000-00000000beef" };
        if (token.endsWith("readStackOutputs")) return { outputs };
        if (token.endsWith("UserCredentials")) return { kubeconfigs: [{ name: "k", value: kubeconfig }] };
        throw new Error(`unexpected call of ${token}`);
      },
    },
    "aks-mesh",
    stack,
    false,
    "organization",
  );
  pulumi.runtime.setAllConfig({ ...settings });
  const listening: readonly (readonly [EventEmitter, string])[] = [
    [process.stdout, "error"],
    [process.stderr, "error"],
    [process, "uncaughtException"],
    [process, "unhandledRejection"],
  ];
  const before = listening.map(([emitter, event]) => emitter.listeners(event));
  try {
    await (load(main) as Promise<unknown>);
    await pulumi.runtime.disconnect();
  } catch (error) {
    // What it registered before is not to meet the mocks of the next program.
    await pulumi.runtime.disconnect();
    throw error;
  } finally {
    forgetProgram();
    // The program listens to its process; the tests' process is not its own.
    listening.forEach(([emitter, event], index) => {
      for (const added of emitter.listeners(event)) {
        if (!before[index]?.includes(added)) emitter.off(event, added as () => void);
      }
    });
  }
  return registered;
}
