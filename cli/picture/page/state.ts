/** How the same calls are shown. */
export type ViewName = "picture" | "matrix" | "table";

/** A box, or a whole group, by its place. */
export interface End {
  readonly kind: "box" | "group";
  readonly place: number;
}

/** What is chosen: an end of calls, or the calls from one to another. */
export type Choice = End | { readonly kind: "pair"; readonly from: End; readonly to: End };

/** What the reader asked for. */
export interface State {
  readonly view: ViewName;
  /** Groups whose boxes are shown one by one. */
  readonly unfolded: ReadonlySet<number>;
  readonly choice: Choice | undefined;
  /** Only what touches this is shown. */
  readonly only: End | undefined;
  /** Whether calls that always fail are shown. */
  readonly denied: boolean;
  /** In a comparison: whether only what changes is shown. */
  readonly changes: boolean;
  /** What names are searched for. */
  readonly query: string;
}

/** What tells an end from all others. */
export function keyOf({ kind, place }: End): string {
  return `${kind} ${String(place)}`;
}

/** Whether an end is chosen. */
export function isChosen(choice: Choice | undefined, end: End): boolean {
  return choice !== undefined && choice.kind !== "pair" && keyOf(choice) === keyOf(end);
}
