import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import {
  approximationText,
  type Choice,
  type Conversion,
  type Converted,
  convertManifests,
  equalExtent,
  labelled,
  type Proof,
  proofOf,
  type Refusal,
} from "../mesh/convert";
import { changeTitles, describeRequest, DiffTooLarge } from "../mesh";
import { type KubernetesObject, type Manifests } from "../mesh/manifests";
import { few } from "../mesh/manifests/few";
import { changeJson } from "./diff";
import { outcomeText } from "./explain";
import { reasonOf } from "./input";
import { loadManifests, sayProblems, sourceOptions } from "./load";
import { readOptions } from "./options";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const options = {
  ...sourceOptions,
  to: { type: "string" },
  out: { type: "string" },
  choose: { type: "string", multiple: true },
  "allow-envoy-filter": { type: "boolean" },
  "keep-404": { type: "boolean" },
  "mesh-without-retries": { type: "boolean" },
  revision: { type: "string" },
  json: { type: "boolean" },
} as const;

/** `aks-mesh convert`: the objects of one mesh as those of another. Ends with 1 where something is left for a person. */
export async function convertCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  if (values.to !== "istio")
    throw new UsageError("convert wants --to istio: it is the one mesh that it can convert to.");
  if (values.out === "") throw new UsageError("--out wants a folder.");
  const choices = new Map((values.choose ?? []).map(readChoice));
  const byFilter = [...choices].find(([, choice]) => choice === "exact");
  if (byFilter !== undefined && values["allow-envoy-filter"] !== true) {
    throw new UsageError(
      `--choose ${byFilter[0]}=exact takes an EnvoyFilter, which AKS allows and does not support: add --allow-envoy-filter if that is what you want.`,
    );
  }
  const manifests = await loadManifests({ ...values, files: positionals });
  const conversion = convertManifests(manifests, {
    choices,
    keepNotFound: values["keep-404"] === true,
    noDefaultRetries: values["mesh-without-retries"] === true,
    allowEnvoyFilter: values["allow-envoy-filter"] === true,
  });
  sayProblems(terminal, conversion.mesh);
  for (const account of choices.keys()) {
    if (conversion.chosen.some((one) => one.account === account)) continue;
    throw new UsageError(
      `--choose ${account}: Istio can say all that reaches it exactly, so that there is nothing to choose.`,
    );
  }
  const { revision } = values;
  const namespaces =
    revision === undefined
      ? []
      : manifests.objects
          .filter(({ kind, metadata }) => kind === "Namespace" && conversion.namespaces.includes(metadata.name))
          .map((object) => labelled(object, revision));
  const written = [...namespaces, ...conversion.objects];
  const proof = prove(manifests, conversion);
  if (values.json === true) terminal.out(`${JSON.stringify(conversionJson(conversion, written, proof), null, 2)}\n`);
  else if (values.out === undefined) terminal.out(yamlOf(written));
  else writeFiles(terminal, values.out, written);
  report(terminal, conversion, revision);
  reportProof(terminal, proof);
  return conversion.open.length + conversion.refused.length + proof.changes.length > 0 ? 1 : 0;
}

function prove(manifests: Manifests, conversion: Converted): Proof {
  try {
    return proofOf(manifests, conversion);
  } catch (error) {
    if (error instanceof DiffTooLarge) throw new UsageError(error.message);
    throw error;
  }
}

const sides: readonly Choice[] = ["narrower", "wider", "exact"];

function readChoice(text: string): readonly [string, Choice] {
  const at = text.lastIndexOf("=");
  const [account, word] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  const choice = sides.find((side) => side === word);
  if (!/^[^/]+\/[^/]+$/.test(account) || choice === undefined) {
    throw new UsageError(`--choose ${text}: write NAMESPACE/ACCOUNT=narrower, =wider or =exact.`);
  }
  return [account, choice];
}

function yamlOf(objects: readonly unknown[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 })).join("---\n");
}

/** A file for each namespace. */
function writeFiles(terminal: Terminal, folder: string, objects: readonly KubernetesObject[]): void {
  const files = new Map<string, KubernetesObject[]>();
  for (const object of objects) {
    const namespace = object.kind === "Namespace" ? object.metadata.name : (object.metadata.namespace ?? "");
    files.set(namespace, [...(files.get(namespace) ?? []), object]);
  }
  try {
    mkdirSync(folder, { recursive: true });
    for (const [namespace, ofNamespace] of files) writeFileSync(join(folder, `${namespace}.yaml`), yamlOf(ofNamespace));
  } catch (error) {
    throw new UsageError(`${folder} cannot be written: ${reasonOf(error)}.`);
  }
  terminal.err(`${String(objects.length)} objects in ${String(files.size)} files in ${folder}\n`);
}

function report(terminal: Terminal, conversion: Conversion, revision: string | undefined): void {
  const { paint } = terminal;
  const say = (line: string): void => {
    terminal.err(`${line}\n`);
  };
  const { objects, namespaces, said, open, chosen, refused } = conversion;
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  say(`Written: ${[...counts].map(([kind, count]) => `${String(count)} ${kind}`).join(", ")}.`);
  if (revision === undefined) {
    say(
      `Give the namespaces the label istio.io/rev of your revision, and start their pods again: ${few(namespaces, 10)}.`,
    );
  }
  for (const text of said) say(`note: ${text}`);
  for (const { account, gaps, choice } of chosen) {
    if (choice === "exact") {
      say(
        paint.warn(
          `${account}: exactly what OSM does, by an EnvoyFilter, which AKS allows and does not support. Without it all HTTP is refused.`,
        ),
      );
      continue;
    }
    say(paint.warn(`${account}: not exactly what OSM does, as chosen`));
    for (const gap of gaps) say(`    ${approximationText(gap, choice)}`);
  }
  for (const { account, gaps } of open) {
    say(paint.bad(`${account}: nothing is written for it, so that nobody may call it`));
    for (const gap of gaps) {
      const what = gap.what === "path" ? "path" : `header ${gap.header ?? ""}`;
      say(
        `    ${what} ${gap.pattern ?? "of several routes together"}: an AuthorizationPolicy knows no patterns, and ${gap.reason}.`,
      );
      for (const side of ["narrower", "wider"] as const) say(`      ${approximationText(gap, side)}`);
    }
    say(
      `    Choose: --choose ${account}=narrower, --choose ${account}=wider, or --choose ${account}=exact --allow-envoy-filter; or write a simpler pattern first.`,
    );
  }
  for (const refusal of refused) say(paint.bad(refusalText(refusal)));
}

/** Changes that are shown at most; `--json` has all. */
const mostShown = 20;

function reportProof({ err, paint }: Terminal, { changes, expected, answers }: Proof): void {
  if (changes.length === 0) {
    const except = expected.length === 0 ? "" : " but those below";
    err(`${paint.good(`Proved: nothing opens, closes or moves${except}`)}; ${equalExtent}.\n`);
  } else {
    err(
      paint.bad(
        `Not equal: ${String(changes.length)} ${changes.length === 1 ? "change" : "changes"} that nobody chose.\n`,
      ),
    );
  }
  for (const change of [...changes, ...expected].slice(0, mostShown)) {
    const { kind, from, to, request, before, after } = change;
    err(`    ${changeTitles[kind]}: ${request === undefined ? `${from} → ${to}` : describeRequest(request)}\n`);
    if (before !== undefined && after !== undefined)
      err(`      was ${outcomeText(before, paint)}, is ${outcomeText(after, paint)}\n`);
  }
  const more = changes.length + expected.length - mostShown;
  if (more > 0) err(`    and ${String(more)} more\n`);
  for (const { title, pairs, request } of answers) {
    err(
      `Answered otherwise: ${title} for ${String(pairs)} ${pairs === 1 ? "pair" : "pairs"} of caller and port, such as ${describeRequest(request)}\n`,
    );
  }
}

function refusalText({ place, text, account }: Refusal): string {
  const effect = account === undefined ? "not converted" : "nothing is written for it, so that nobody may call it";
  return `${place}: ${effect}: ${text}.`;
}

function conversionJson(conversion: Conversion, objects: readonly unknown[], proof: Proof): unknown {
  const { namespaces, said, open, chosen, refused } = conversion;
  const gapJson = (gap: Conversion["open"][number]["gaps"][number]) => ({
    what: gap.what,
    ...(gap.header !== undefined && { header: gap.header }),
    ...(gap.pattern !== undefined && { pattern: gap.pattern }),
    reason: gap.reason,
    ...(gap.narrower && { narrower: { text: approximationText(gap, "narrower"), witness: gap.narrower.witness } }),
    ...(gap.wider && { wider: { text: approximationText(gap, "wider"), witness: gap.wider.witness } }),
  });
  return {
    objects,
    namespaces,
    notes: said,
    open: open.map(({ account, gaps }) => ({ account, gaps: gaps.map(gapJson) })),
    chosen: chosen.map(({ account, choice, gaps }) => ({ account, choice, gaps: gaps.map(gapJson) })),
    refused,
    proof: {
      extent: equalExtent,
      changes: proof.changes.map(changeJson),
      expected: proof.expected.map(changeJson),
      answers: proof.answers,
    },
  };
}
