import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { ifExists } from "../recovery/if-exists";
import { type SandboxPaths } from "./paths";

/**
 * Runtime of policy packs in the sandbox. Its engine would have the language host of `nodejs` run a pack, and the newest host that
 * Go can build as a module runs none; a runtime without a host it leaves to a plugin of this name.
 */
const runtime = "sandbox-nodejs";

/** Starts a policy pack with the @pulumi/pulumi package that it uses. It ends with the engine, which holds the other end of standard input. */
const analyzer = `#!/bin/sh
for argument do
  case $argument in
    -folder=*) cd "\${argument#-folder=}" || exit 1 ;;
    -*) ;;
    *) engine=\${engine:-$argument} ;;
  esac
done
program=$(node --print 'require.resolve("@pulumi/pulumi/cmd/run-policy-pack")') || exit 1
with_engine='data:text/javascript,process.stdin.resume().on("end",()=>process.exit())'
exec node --import "$with_engine" "$program" "$engine" .
`;

/**
 * The arguments of Pulumi's command line, with policy packs in Node.js in the form that the sandbox's engine runs. Paths are those of
 * whoever calls: the engine itself runs in the sandbox's project.
 */
export async function withPolicyPacks(paths: SandboxPaths, args: readonly string[]): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const argument of args.flatMap((one) => /^(--policy-pack(?:-config)?)=(.*)$/.exec(one)?.slice(1) ?? [one])) {
    const flag = changed.at(-1);
    if (flag === "--policy-pack") changed.push(await runnable(paths, argument));
    else changed.push(flag === "--policy-pack-config" ? resolve(argument) : argument);
  }
  return changed;
}

/** A folder that stands for a policy pack; the pack's own where the engine runs it as it is, or says what it lacks. */
async function runnable(paths: SandboxPaths, folder: string): Promise<string> {
  const pack = resolve(folder);
  const text = await ifExists(readFile(join(pack, "PulumiPolicy.yaml"), "utf8"));
  if (text === undefined) return pack;
  const definition = parseDocument(text);
  const name: unknown = definition.getIn(["runtime", "name"]) ?? definition.get("runtime");
  if (name !== "nodejs") return pack;
  definition.set("runtime", { name: runtime, options: { folder: pack } });
  const place = createHash("sha256").update(pack).digest("hex").slice(0, 12);
  const standIn = join(paths.directory, "policy-packs", place);
  await mkdir(standIn, { recursive: true });
  await writeFile(join(standIn, "PulumiPolicy.yaml"), definition.toString());
  const plugin = join(paths.pulumiHome, "plugins", `analyzer-policy-${runtime}-v1.0.0`);
  await mkdir(plugin, { recursive: true });
  const executable = join(plugin, `pulumi-analyzer-policy-${runtime}`);
  await writeFile(`${executable}.draft`, analyzer, { mode: 0o755 });
  await rename(`${executable}.draft`, executable);
  return standIn;
}
