import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { isJsonObject } from "../../mesh/manifests";
import { quoted } from "../inputs";
import { PreviewProblem } from "../problem";
import { mostImages } from "./images-file";
import { isPathPart } from "./reference";

/** An image that a checkout says how to build. */
export interface DeclaredImage {
  readonly name: string;
  /** Folder in the checkout. */
  readonly context: string;
  /** File in the checkout; undefined for the builder's own default. */
  readonly dockerfile: string | undefined;
  readonly target: string | undefined;
}

/** How long a checkout's stacks may take to be read, in milliseconds. */
const longestReading = 120_000;

/**
 * The images that the application of a stack says how to build, as the stacks of a checkout have it. That runs the checkout's code, in a
 * process without the variables of this one but a few.
 *
 * @param own the checkout that this command belongs to.
 * @throws {PreviewProblem} where its code fails, or says what is no image.
 */
export async function declaredImages(
  own: string,
  checkout: string,
  stack: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly DeclaredImage[]> {
  const script = join(own, "preview", "images", "declared.cjs");
  const child = spawn(process.execPath, [script, checkout, stack], {
    cwd: checkout,
    env: plainEnvironment(environment),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    timeout: longestReading,
    killSignal: "SIGKILL",
  });
  let [said, answer] = ["", undefined as unknown];
  child.on("message", (message) => (answer = message));
  child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-10_000)));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0 || answer === undefined) {
    // The text of a stranger: nothing in it that a terminal would act on.
    const reason = said
      .trim()
      .split("\n")
      .at(-1)
      ?.slice(0, 500)
      .replace(/[^ -~]/g, "?");
    throw new PreviewProblem(`The stacks of ${checkout} cannot be read: ${reason || "they said nothing"}`);
  }
  return readDeclared(answer);
}

/** The variables that code of a pull request and its builders get: none that lets them be who this command is. */
export function plainEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const wanted =
    /^(PATH|HOME|USER|LANG|LC_\w+|TMPDIR|XDG_\w+|DOCKER_\w+|BUILDX_\w+|BUILDKIT_\w+|CONTAINERS_\w+|(HTTPS?|NO)_PROXY)$/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => wanted.test(name)));
}

/**
 * Reads what a checkout's code says of its images.
 *
 * @throws {PreviewProblem} for what is no image that can be built from the checkout alone.
 */
export function readDeclared(answer: unknown): readonly DeclaredImage[] {
  if (!isJsonObject(answer)) throw new PreviewProblem("The application's images are no object.");
  const built = Object.entries(answer).filter(([, image]) => isJsonObject(image) && image["build"] !== undefined);
  if (built.length > mostImages) {
    throw new PreviewProblem(`The application builds ${built.length} images: a preview brings ${mostImages} at most.`);
  }
  return built.map(([name, image]) => {
    const build = isJsonObject(image) ? image["build"] : undefined;
    const what = `The application's image ${quoted(name)}`;
    if (!isPathPart(name)) {
      throw new PreviewProblem(
        `${what} is built under its name: write it in small letters and digits, with ., _ or - in between.`,
      );
    }
    if (!isJsonObject(build)) throw new PreviewProblem(`${what}: build must be { context: "FOLDER" }.`);
    const path = (key: string) => {
      const value = build[key];
      if (value === undefined) return undefined;
      const parts = typeof value === "string" ? value.split("/") : [];
      if (
        typeof value === "string" &&
        parts.every((part) => part !== "" && part !== "..") &&
        /^[^\0\\]{1,500}$/.test(value)
      ) {
        return value;
      }
      throw new PreviewProblem(`${what}: build.${key} must be a path in the repository, such as apps/cart.`);
    };
    const context = path("context");
    if (context === undefined)
      throw new PreviewProblem(`${what}: build has no context: write the folder, such as apps/cart.`);
    const target = build["target"];
    if (target !== undefined && (typeof target !== "string" || !/^[A-Za-z0-9][\w.-]{0,127}$/.test(target))) {
      throw new PreviewProblem(`${what}: build.target must be the name of a stage in its Dockerfile.`);
    }
    return { name, context, dockerfile: path("dockerfile"), target };
  });
}
