import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PreviewProblem } from "../problem";
import { buildAndPush, installedBuilder } from "./builders";
import { declaredImages, plainEnvironment } from "./declared";
import { ownPath } from "./images-file";
import { type BroughtImage } from "./inputs";
import { loggedIn } from "./push-login";
import { parseReference, repositoryOf } from "./reference";
import { digestOf, isOnThisMachine, type RegistryOptions } from "./registry";

/** What images are built of, and where they go. Every text has been checked. */
export interface BuildOptions {
  /** The checkout that this command belongs to. */
  readonly own: string;
  /** The checkout that has the sources. */
  readonly program: string;
  /** The stack whose application it is. */
  readonly base: string;
  readonly pullRequest: number;
  readonly commit: string;
  /** A registry, or a path in one: everything goes below `pr-NUMBER` there. */
  readonly place: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Builds and pushes every image that the application says how to build, as `PLACE/pr-NUMBER/NAME`.
 *
 * @throws {PreviewProblem} where one cannot be built or pushed, or the registry does not have what was pushed.
 */
export async function buildImages(
  { own, program, base, pullRequest, commit, place, environment, say, signal }: BuildOptions,
  registries: RegistryOptions,
): Promise<readonly BroughtImage[]> {
  const declared = await declaredImages(own, program, base, environment);
  if (declared.length === 0) return [];
  const plain = plainEnvironment(environment);
  const builder = await installedBuilder(plain);
  const scratch = await mkdtemp(join(tmpdir(), "aks-mesh-images-"));
  const registry = place.split("/")[0] ?? "";
  try {
    return await loggedIn(registry, plain, registries, async (variables) => {
      const brought: BroughtImage[] = [];
      for (const { name, context, dockerfile, target } of declared) {
        const folder = join(program, context);
        if (!existsSync(folder))
          throw new PreviewProblem(`The application's image ${name}: there is no folder ${context}.`);
        const tag = `${place}/${ownPath(pullRequest)}/${name}:${commit}`;
        say(`Building ${tag} …`);
        const inputs = {
          ...{ tag, context: folder, target, plain: isOnThisMachine(registry) },
          dockerfile: dockerfile === undefined ? undefined : join(program, dockerfile),
          resultFile: join(scratch, name),
        };
        const digest = await buildAndPush(builder, inputs, variables, signal);
        const tagged = parseReference(tag);
        if (tagged === undefined) throw new PreviewProblem(`${tag} is no reference of an image.`);
        const reference = { registry: tagged.registry, path: tagged.path, digest };
        if ((await digestOf(reference, registries)) === undefined) {
          throw new PreviewProblem(
            `${builder.command} says that it pushed ${repositoryOf(reference)}@${digest}: the registry has no such image.`,
          );
        }
        brought.push({ name, reference });
      }
      return brought;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
