import { type Admission, admit, readEvent } from "../preview/admit";
import { github } from "../preview/github";
import { readCommit, readOwner } from "../preview/inputs";
import { readText } from "./input";
import { readOptions } from "./options";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { tellWorkflow } from "./workflow-files";

const options = { event: { type: "string" }, expect: { type: "string" } } as const;

/**
 * `aks-mesh preview admit --event FILE`: may this event start a preview? In a workflow the answer goes to the step's outputs:
 * `admitted`, and if so `pull-request`, `commit`, `owner` and `cluster`. With `--expect COMMIT` anything but that commit, admitted, is a failure.
 */
export async function admitCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, options);
  if (values.event === undefined)
    throw new UsageError("Say what happened: --event FILE, $GITHUB_EVENT_PATH in a workflow.");
  const expected = values.expect === undefined ? undefined : readCommit(values.expect);
  const admission = await admit(github(process.env), readEvent(readText(values.event, "--event")));
  terminal.out(describe(admission));
  tellWorkflow("GITHUB_OUTPUT", outputLines(admission));
  tellWorkflow("GITHUB_STEP_SUMMARY", describe(admission));
  if (expected === undefined) return 0;
  return admission.admitted && admission.commit === expected ? 0 : 1;
}

function describe(admission: Admission): string {
  if (!admission.admitted) return `No preview: ${admission.reason}\n`;
  const place = admission.cluster === "own" ? ", on a cluster of its own" : "";
  return `A preview of pull request ${String(admission.pullRequest)} at ${admission.commit}${place}.\n`;
}

/** Values of fixed form alone: a line break in one would be another output. */
function outputLines(admission: Admission): string {
  if (!admission.admitted) return "admitted=false\n";
  const { pullRequest, commit, owner, cluster } = admission;
  const lines = [
    "admitted=true",
    `pull-request=${String(pullRequest)}`,
    `commit=${readCommit(commit)}`,
    `owner=${readOwner(owner)}`,
    `cluster=${cluster}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}
