import { type Instruction, type Program } from "./program";

/**
 * The program that RE2 compiles the same pattern to where it reads UTF-8 and not Latin-1: what stands for every byte from 80
 * on stands for every character from there on, of two, three or four bytes. Exact for patterns of ASCII whose classes hold all
 * other characters or none, as nearly all do, but for (?i): it is taken to hold for all of the pattern, which has then at most
 * as many instructions.
 *
 * @param caseless whether the pattern has a (?i).
 */
export function asUtf8({ instructions, anywhere, start }: Program, caseless: boolean): Program {
  const wider: Instruction[] = [...instructions];
  const add = (instruction: Instruction): number => wider.push(instruction) - 1;
  const bytes = (lo: number, hi: number, out: number): number => add({ op: "bytes", lo, hi, fold: false, out });
  const either = (ways: readonly number[]): Instruction => {
    const [first = 0, second, ...rest] = ways;
    if (second === undefined) return { op: "nop", out: first };
    const other = rest.length === 0 ? second : add(either([second, ...rest]));
    return { op: "split", out: first, other, loop: false };
  };
  instructions.forEach((instruction, index) => {
    // The name that RE2 has for a repetition of any byte it has not for any character.
    if (instruction.op === "split" && instruction.loop && index !== anywhere) {
      wider[index] = { ...instruction, loop: false };
    }
    if (instruction.op === "bytes" && instruction.fold && caseless) {
      const { lo, hi, out } = instruction;
      // The Kelvin sign is a k in another case, and the long s an s.
      const cases = folded.flatMap(({ letter, utf8 }) =>
        lo <= letter && letter <= hi ? [utf8.reduceRight((next, byte) => bytes(byte, byte, next), out)] : [],
      );
      if (cases.length > 0) wider[index] = either([add(instruction), ...cases]);
      return;
    }
    if (instruction.op !== "bytes" || instruction.hi < lastByte || instruction.lo > firstBeyondAscii) return;
    const { lo, out } = instruction;
    // What comes before a match anywhere is bytes in UTF-8 too.
    if (out === anywhere) return;
    const last = bytes(0x80, 0xbf, out);
    const third = bytes(0x80, 0xbf, last);
    const second = bytes(0x80, 0xbf, third);
    wider[index] = either([
      ...(lo < firstBeyondAscii ? [bytes(lo, firstBeyondAscii - 1, out)] : []),
      bytes(0xc2, 0xdf, last),
      bytes(0xe0, 0xef, third),
      bytes(0xf0, 0xf4, second),
    ]);
  });
  return { instructions: wider, anywhere, start };
}

/** Letters that have a third case beyond ASCII, in UTF-8. */
const folded = [
  { letter: 0x6b, utf8: [0xe2, 0x84, 0xaa] },
  { letter: 0x73, utf8: [0xc5, 0xbf] },
];

const firstBeyondAscii = 0x80;
const lastByte = 0xff;
