import { type AccessChange } from "./diff";

/** What a change does, in a few words that a call follows. */
export const changeTitles: Readonly<Record<AccessChange["kind"], string>> = {
  opens: "opens",
  closes: "closes",
  unsettles: "may fail now",
  settles: "always passes now",
  shares: "goes to other backends",
  answers: "fails otherwise",
  unknown: "cannot be compared",
};
