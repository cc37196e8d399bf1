/** Something that a person has to know and can do something about: its message is all that is printed. */
export class PreviewProblem extends Error {
  override readonly name: string = "PreviewProblem";
}

/** A mistake in what the person wrote. */
export class InputProblem extends PreviewProblem {
  override readonly name = "InputProblem";
}
