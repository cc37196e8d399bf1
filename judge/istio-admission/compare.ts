import { admit } from "../../mesh/istio/admission";
import { type JsonObject } from "../../mesh/manifests";
import { type Judge } from "..";

/** Why Istio's CustomResourceDefinitions and istiod's own validation refuse each object; undefined where they take it. */
export async function refusalsOfIstio(
  judge: Judge,
  objects: readonly JsonObject[],
): Promise<readonly (string | undefined)[]> {
  const answers = await judge.ask(objects.map((object) => ({ objects: [object], requests: [] })));
  return answers.map((answer) => ("error" in answer ? answer.error : undefined));
}

/** istiod goes through maps in any order, and may refuse one time what it takes another. */
export async function isEverRefused(judge: Judge, object: JsonObject): Promise<boolean> {
  const answers = await refusalsOfIstio(judge, Array<JsonObject>(10).fill(object));
  return answers.some((answer) => answer !== undefined);
}

/** Why our admission refuses an object; nothing where it takes it. */
export function ourRefusals(object: JsonObject): readonly string[] {
  return admit([object]).findings.flatMap(({ path, problem, refusedBy }) =>
    refusedBy === "nobody" ? [] : [`${path} ${problem}`],
  );
}
