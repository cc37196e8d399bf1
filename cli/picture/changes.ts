import { type AccessChange, addressOf, describeRequest, type Mesh } from "../../mesh";
import { outcomeText } from "../explain";
import { type Paint } from "../terminal";
import { addRelation, PictureModel, targetOf } from "./model";
import { type PageChange, type PageData } from "./page-data";

const plain = (text: string): string => text;
const unpainted: Paint = { good: plain, bad: plain, warn: plain, dim: plain, bold: plain };

/**
 * The picture of a change: who calls whom after it, and what the change does to that, with a request each.
 *
 * @param proved of what it is proved that nothing else changes.
 */
export function diffPicture(before: Mesh, after: Mesh, changes: readonly AccessChange[], proved: string): PageData {
  const changed = new Set(changes.map(({ from, to }) => `${from}|${to}`));
  const model = new PictureModel();
  addRelation(model, after, after.access(), (caller, service) => changed.has(`${caller}|${addressOf(service)}`));
  const inAfter = new Set(model.keys());
  const old = new PictureModel();
  for (const one of [model, old]) addRelation(one, before, before.access(), () => true);
  const inBefore = new Set(old.keys());

  const services = new Map(
    [before, after].flatMap((mesh) => {
      const { services: ports, hosts } = mesh.access();
      return [...ports, ...hosts].map((service) => [addressOf(service), { mesh, service }] as const);
    }),
  );
  for (const change of changes) {
    const known = services.get(change.to);
    const to = known === undefined ? model.box("host", "", change.to) : model.serviceBox(known.mesh, known.service);
    model.call([model.callerBox(change.from)], {
      to,
      address: known === undefined ? change.to : targetOf(known.service),
      label: `:${change.to.split(":").at(-1) ?? ""}`,
      tone: "some",
      change: pageChange(change),
    });
  }
  const keys = model.keys();
  const count = changes.length === 1 ? "1 change." : `${changes.length === 0 ? "No" : String(changes.length)} changes.`;
  return model.data("diff", { notes: [count], remarks: [`That there are no others is proved ${proved}`] }, (box) => {
    const key = keys[box] ?? "";
    return inBefore.has(key) === inAfter.has(key) ? undefined : inBefore.has(key) ? "before" : "after";
  });
}

function pageChange({ kind, request, before, after }: AccessChange): PageChange {
  if (request === undefined || before === undefined || after === undefined) return { kind };
  const [was, is] = [before, after].map((verdict) => outcomeText(verdict, unpainted));
  return { kind, witness: { request: describeRequest(request), before: was ?? "", after: is ?? "" } };
}
