import { alone, baseOf, type Engine, findStack, openEngine, publishedBackend, type Surroundings } from "./engine";
import { type BaseStack } from "./planned";
import { InputProblem, PreviewProblem } from "./problem";
import { baseStackOf } from "./state";
import { withoutSecretValues } from "./published-state";

/**
 * Writes what previews may know of a stack that they share, its state without secrets, into the backend that they read. Runs the
 * engine's own commands alone, no program: whoever may read the stack's secrets must not run a pull request's code.
 *
 * @returns what was published.
 * @throws {PreviewProblem} where there is no such stack, or no backend for it.
 */
export async function publish(surroundings: Surroundings, base: string): Promise<BaseStack> {
  const address = surroundings.environment[publishedBackend];
  if (!address) {
    throw new InputProblem(
      `${publishedBackend} does not say where to: the address of a backend that previews may only read, as in PULUMI_BACKEND_URL.`,
    );
  }
  if (address === surroundings.environment["PULUMI_BACKEND_URL"]) {
    throw new InputProblem(
      `${publishedBackend} is the backend of stack ${base} itself, which would be overwritten by its copy without secrets: name another.`,
    );
  }
  const engine = await openEngine(surroundings, base);
  try {
    surroundings.say(`Reading stack ${base} …`);
    const exported = await done(engine, `Stack ${base} cannot be read`, [
      "stack",
      "export",
      "--show-secrets",
      "--stack",
      base,
    ]);
    const published = withoutSecretValues(JSON.parse(exported));
    const state = JSON.stringify(published);
    const target = baseOf(engine);
    await alone(target, base, `aks-mesh preview publish --base ${base}`, async (whenFree) => {
      if ((await findStack(target, base)) === undefined) {
        await done(target, `Stack ${base} cannot be published`, [
          "stack",
          "init",
          base,
          "--secrets-provider",
          "passphrase",
        ]);
      }
      await whenFree(() =>
        done(target, `Stack ${base} cannot be published`, ["stack", "import", "--stack", base], state),
      );
    });
    surroundings.say(`Published stack ${base} without its secrets.`);
    return baseStackOf(base, published);
  } finally {
    await engine.close();
  }
}

async function done(engine: Engine, failure: string, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await engine.pulumi(args, input);
  if (code !== 0) throw new PreviewProblem(`${failure}: ${stderr.trim()}`);
  return stdout;
}
