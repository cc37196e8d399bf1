import { describe, expect, test } from "vitest";
import { type GateAnswer, gateIsDue, nextMove, readAskedMove, type RolloutState } from "../../rollout";
import { type MoveInput } from "../../rollout/move";

const began = "2026-11-29T10:00:00.000Z";
const state: RolloutState = {
  ...{ stable: "cart-v1", canary: "cart-v2", version: "a", since: began, reason: "r" },
  ...{ weight: 5, phase: "progressing" },
};
const holds: GateAnswer = { kind: "holds", text: "0 % failed" };
const fails: GateAnswer = { kind: "fails", text: "9 % failed" };
const unknown: GateAnswer = { kind: "unknown", text: "3 requests" };

/** A move after some minutes at 5 %, of steps 0, 5, 25 and 100 with a pause of ten minutes. */
function moveAfter(minutes: number, changes: Partial<MoveInput> = {}) {
  return nextMove({
    rule: { steps: [0, 5, 25, 100] },
    ...{ stable: "cart-v1", canary: "cart-v2", version: "a", before: state, gate: holds, asked: undefined },
    now: new Date(Date.parse(began) + minutes * 60_000),
    ...changes,
  });
}

describe("where a rollout goes", () => {
  test("begins with the first step", () => {
    const { state: after, moves, text } = moveAfter(0, { before: undefined, gate: undefined });
    expect([after.weight, after.phase, moves]).toEqual([0, "progressing", true]);
    expect(text).toBe("0 % to cart-v2: the rollout of version a begins.");
  });

  test("begins anew with another version, whatever became of the one before", () => {
    for (const phase of ["progressing", "finished", "failed", "stopped"] as const) {
      const { state: after } = moveAfter(99, { version: "b", before: { ...state, weight: 100, phase } });
      expect(after).toMatchObject({ weight: 0, phase: "progressing", version: "b" });
    }
  });

  test("goes one step on once the gate holds and the pause is over, and not before", () => {
    const early = moveAfter(9);
    expect([early.state, early.moves]).toEqual([state, false]);
    expect(early.text).toContain("9 min of 10 min have passed");
    const then = moveAfter(10);
    expect(then.state).toMatchObject({ weight: 25, phase: "progressing", reason: "0 % failed" });
    expect(then.text).toBe("5 % → 25 % to cart-v2: 0 % failed.");
  });

  test("goes on from 0 % by time alone, as nobody can have counted", () => {
    const before = { ...state, weight: 0 };
    expect(moveAfter(10, { before, gate: undefined }).state.weight).toBe(5);
    expect(moveAfter(9, { before, gate: undefined }).state.weight).toBe(0);
  });

  test("goes to a step that was written since", () => {
    expect(moveAfter(10, { rule: { steps: [10, 50] } }).state.weight).toBe(10);
  });

  test("is finished when the last step held", () => {
    const before = { ...state, weight: 100 };
    expect(moveAfter(10, { before }).state).toMatchObject({ weight: 100, phase: "finished" });
    expect(moveAfter(9, { before }).state.phase).toBe("progressing");
  });

  test.each([0, 10, 9999])("goes to 0 at once where the gate fails, after %i minutes", (minutes) => {
    const { state: after, warns, text } = moveAfter(minutes, { gate: fails });
    expect(after).toMatchObject({ weight: 0, phase: "failed", reason: "9 % failed" });
    expect([warns, text]).toEqual([true, "5 % → 0 % to cart-v2: 9 % failed."]);
  });

  test.each([unknown, undefined])("stays where nobody can tell: %o", (gate) => {
    const { state: after, moves, warns, text } = moveAfter(99, { gate });
    expect([after, moves, warns]).toEqual([state, false, true]);
    expect(text).toContain("the gate cannot tell");
  });

  test("stays where it failed, went back or is finished, however long", () => {
    for (const phase of ["finished", "failed", "stopped"] as const) {
      const before = { ...state, weight: phase === "finished" ? 100 : 0, phase };
      const after = moveAfter(9999, { before, gate: undefined });
      expect([after.state, after.moves]).toEqual([before, false]);
    }
  });

  test("does what a person asks for, but for a gate that fails", () => {
    expect(moveAfter(0, { asked: "next" }).state.weight).toBe(25);
    expect(moveAfter(0, { asked: "next", gate: unknown }).state.reason).toBe("somebody asked for it; 3 requests");
    expect(moveAfter(0, { asked: "next", gate: fails }).state).toMatchObject({ weight: 0, phase: "failed" });
    expect(moveAfter(0, { asked: "back", gate: undefined }).state).toMatchObject({ weight: 0, phase: "stopped" });
    expect(moveAfter(99, { asked: "hold" }).moves).toBe(false);
    const failed = { ...state, weight: 0, phase: "failed" } as const;
    expect(moveAfter(0, { asked: "next", gate: undefined, before: failed }).state).toMatchObject({
      ...{ weight: 5, phase: "progressing" },
    });
    const done = { ...state, weight: 100, phase: "finished" } as const;
    expect(moveAfter(0, { asked: "next", gate: undefined, before: done }).moves).toBe(false);
  });

  test("sends a version back that fails although it was asked to stay", () => {
    expect(moveAfter(99, { asked: "hold", gate: fails }).state.weight).toBe(0);
  });
});

test("the gate is asked only where a move depends on it", () => {
  const due = (changes: Partial<MoveInput>) =>
    gateIsDue({
      ...{ stable: "cart-v1", canary: "cart-v2", version: "a", before: state, asked: undefined, now: new Date() },
      ...changes,
    });
  expect([due({}), due({ asked: "next" }), due({ asked: "hold" })]).toEqual([true, true, true]);
  expect([due({ asked: "back" }), due({ version: "b" }), due({ before: undefined })]).toEqual([false, false, false]);
  expect(due({ before: { ...state, weight: 0 } })).toBe(false);
  expect(due({ before: { ...state, phase: "finished" } })).toBe(false);
});

test("what is asked for is read, or refused with what to write", () => {
  expect([readAskedMove(undefined), readAskedMove("")]).toEqual([undefined, undefined]);
  expect(readAskedMove("next")).toEqual({ kind: "next" });
  expect(readAskedMove("back:shop/cart")).toEqual({ kind: "back", root: "shop/cart" });
  for (const wrong of ["forward", "next:cart", "next:shop/cart/x", "NEXT"]) {
    expect(() => readAskedMove(wrong)).toThrow(/write next, back or hold/);
  }
});
