import { changeTitles, describeRequest } from "../../mesh";
import { changeJson } from "../diff";
import { outcomeText } from "../explain";
import { type Terminal } from "../terminal";
import { type Obstacle, type Plan } from "./plan";
import { protectionText, type Step } from "./steps";

/** Changes that are shown at most; `--json` has all. */
const mostShown = 10;

/** The plan for a person. */
export function planText(plan: Plan, { paint }: Terminal): string {
  const { stack, to, steps, first, gap, proof, pods, namespaces } = plan;
  const mesh = to === "istio" ? "Istio" : "Open Service Mesh";
  const number = (step: Step): string => String(steps.indexOf(step) + 1);
  const lines = [
    paint.bold(`Stack ${stack}: to ${mesh}, in place`),
    "",
    ...(gap === undefined
      ? []
      : [
          paint.bad(
            `THE GAP: from step ${number(gap.from)} to the end of step ${number(gap.to)} there is no access control, and at first no mutual TLS: ` +
              `whoever reaches a pod may call it. It lasts as long as these steps: minutes for AKS to change its add-ons twice, and the restart of every pod. Requests fail meanwhile.`,
          ),
          "",
        ]),
    ...steps.map((step, index) => {
      const mark = index < first ? paint.good("done") : index === first && first > 0 ? paint.warn("here") : "    ";
      return `${mark} ${String(index + 1)}. ${step.title} (protected by ${protectionText[step.during]}${step.after === step.during ? "" : `, then ${protectionText[step.after]}`})\n        ${step.does}`;
    }),
    "",
    ...(proof === undefined ? [] : proofLines(plan, paint)),
    `Namespaces that move: ${namespaces.join(", ") || "none"}`,
    ...podLines(pods),
    ...(to === "istio" ? ["", ...alternative(stack)] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** What stands in the way. */
export function obstacleText({ text, option }: Obstacle): string {
  return `${text}${option === undefined ? "." : `; or accept it: --${option}.`}`;
}

function proofLines({ proof, extent }: Plan, paint: Terminal["paint"]): readonly string[] {
  if (proof === undefined) return [];
  const { changes, answers } = proof;
  const shown = changes
    .slice(0, mostShown)
    .flatMap(({ kind, from, to, request, before, after }) => [
      `    ${changeTitles[kind]}: ${request === undefined ? `${from} → ${to}` : describeRequest(request)}`,
      ...(before !== undefined && after !== undefined
        ? [`      is ${outcomeText(before, paint)}, will be ${outcomeText(after, paint)}`]
        : []),
    ]);
  const more = changes.length > mostShown ? [`    and ${String(changes.length - mostShown)} more`] : [];
  return [
    changes.length === 0
      ? `${paint.good("Proved: with the last step nothing has opened, closed or moved")}; ${extent}.`
      : paint.bad(`Not equal at the end: ${String(changes.length)} ${changes.length === 1 ? "change" : "changes"}`),
    ...shown,
    ...more,
    ...answers.map(
      ({ title, pairs, request }) =>
        `Answered otherwise: ${title} for ${String(pairs)} ${pairs === 1 ? "pair" : "pairs"} of caller and port, such as ${describeRequest(request)}`,
    ),
  ];
}

function podLines(pods: Plan["pods"]): readonly string[] {
  const of = (by: Plan["pods"][number]["by"]): readonly string[] => [
    ...new Set(pods.flatMap((pod) => (pod.by === by ? [pod.workload ?? `Pod ${pod.pod}`] : []))),
  ];
  const line = (title: string, names: readonly string[]): readonly string[] =>
    names.length === 0 ? [] : [`${title}: ${names.join(", ")}`];
  return [
    ...line("Restarted by the program", of("program")),
    ...line("Not the program's, restarted by this command", of("command")),
    ...line("To be deleted by hand, as nothing makes them anew", of("hand")),
  ];
}

/** The way without a gap. */
function alternative(stack: string): readonly string[] {
  return [
    "Without a gap, on a second cluster (its definition in stacks/, as this one's):",
    ...secondStack(stack).map((command) => `    ${command}`),
  ];
}

/** Commands that make a second stack on Istio; the traffic is moved between the last two. */
export function secondStack(stack: string): readonly string[] {
  const next = `${stack}-istio`;
  return [
    `cp Pulumi.${stack}.yaml Pulumi.${next}.yaml   # and name ${next} in stacks/index.ts`,
    `pulumi stack init ${next} && pulumi config set mesh istio --stack ${next}`,
    `pulumi up --stack ${next}`,
    `# move the traffic: DNS or the load balancer in front`,
    `pulumi destroy --stack ${stack}`,
  ];
}

/** The plan for machines. */
export function planJson(plan: Plan, standing: readonly Obstacle[]): unknown {
  const { stack, to, steps, first, arrived, gap, proof, extent, namespaces, others, pods } = plan;
  return {
    ...{ stack, to, arrived },
    gap: gap && { from: gap.from.id, to: gap.to.id },
    steps: steps.map(({ id, title, does, during, after }, index) => ({
      ...{ id, title, does, during, after },
      state: arrived || index < first ? "done" : "to do",
    })),
    ...(proof && { proof: { extent, changes: proof.changes.map(changeJson), answers: proof.answers } }),
    obstacles: standing,
    ...{ namespaces, otherNamespaces: others, pods },
    ...(to === "istio" && { withoutGap: secondStack(stack) }),
  };
}
