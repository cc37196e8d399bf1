export { type Admission, admit, previewLabel } from "./admit";
export { type PreviewEvent, readEvent } from "./event";
