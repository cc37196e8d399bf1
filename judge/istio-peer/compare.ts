import { type AccessChange, decide, diff } from "../../mesh";
import { istioMesh } from "../../mesh/istio";
import { type JudgeRequest } from "..";
import { type PeerCase, type PeerQuestion } from "./generate";

/** A question as a call by name. */
export function requestOf([from, to, , port, method, path]: PeerQuestion): JudgeRequest {
  const [namespace = "", name = ""] = to.split("/");
  return { from, to: `${name}.${namespace}.svc.cluster.local:${String(port)}`, protocol: "http", method, path };
}

/**
 * Places of the questions about which the two do not say the same. What goes through a gateway the analyzer holds against the routes too; here it
 * counts as calls of the gateway's account, which may be more and must not be less.
 */
export function differing(
  { questions, gateway }: Pick<PeerCase, "questions" | "gateway">,
  ours: readonly boolean[],
  theirs: readonly boolean[],
): readonly number[] {
  return questions.flatMap(([from], place) => {
    const isLess = ours[place] !== true && theirs[place] === true;
    return (from === gateway ? isLess : ours[place] !== theirs[place]) ? [place] : [];
  });
}

/** What the change from one set of objects to another opens and closes for each pair, and how long reading both and comparing them takes. */
export function ourChanges({ objects, after, pairs }: Pick<PeerCase, "objects" | "after" | "pairs">): {
  readonly changes: readonly (readonly AccessChange[])[];
  readonly seconds: number;
} {
  const started = performance.now();
  const found = diff(istioMesh({ objects }), istioMesh({ objects: after }));
  const seconds = (performance.now() - started) / 1000;
  const changes = pairs.map(([from, to, port]) => {
    const { to: address } = requestOf([from, to, "TCP", port, "GET", "/"]);
    return found.filter((one) => one.from === from && one.to === address && isOpening(one));
  });
  return { changes, seconds };
}

function isOpening({ kind }: AccessChange): boolean {
  return kind === "opens" || kind === "closes";
}

/** Which of the requests pass, as this analysis says, and how long its reading and the whole access relation take. */
export function ourAnswers({ objects, questions }: Pick<PeerCase, "objects" | "questions">): {
  readonly passes: readonly boolean[];
  readonly seconds: number;
} {
  const started = performance.now();
  const mesh = istioMesh({ objects });
  mesh.access();
  const seconds = (performance.now() - started) / 1000;
  return { passes: questions.map((question) => decide(mesh, requestOf(question)).outcome === "allowed"), seconds };
}
