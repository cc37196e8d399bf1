import { decide } from "../../mesh";
import { istioMesh } from "../../mesh/istio";
import { type JudgeRequest } from "..";
import { type PeerCase, type PeerQuestion } from "./generate";

/** A question as a call by name. */
export function requestOf([from, to, , port, method, path]: PeerQuestion): JudgeRequest {
  const [namespace = "", name = ""] = to.split("/");
  return { from, to: `${name}.${namespace}.svc.cluster.local:${String(port)}`, protocol: "http", method, path };
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
