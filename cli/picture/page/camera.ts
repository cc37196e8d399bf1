import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { type BoxSize, type Point } from "../arrow-paths";
import { smallestReadable } from "./layout";

/** What is seen of a picture that may be larger than its window. */
export interface Camera {
  /** Says how large the picture is, and shows all of it, or as much as can be read around where it begins. */
  readonly fit: (size: BoxSize, beginning: Point) => void;
  /** Says how large the picture is now, and leaves what is seen where it is. */
  readonly resize: (size: BoxSize) => void;
  /** Shows all of it, however small. */
  readonly whole: () => void;
  readonly zoomBy: (factor: number) => void;
  readonly panBy: (x: number, y: number) => void;
  /** Moves the picture until an element of it is seen. */
  readonly reveal: (target: Element) => void;
}

/** Space around the picture that can still be seen. */
const around = 80;

/** Pans and zooms `world` in its window: by dragging, by a wheel, by two fingers. */
export function cameraOf(stage: HTMLElement, world: HTMLElement): Camera {
  let size: BoxSize = { width: 0, height: 0 };
  const behavior = zoom<HTMLElement, unknown>()
    .scaleExtent([0.05, 3])
    // A wheel alone scrolls, as everywhere; with Ctrl, which is what a pinch on a touchpad sends, it zooms.
    .filter((event: Event) => (event instanceof WheelEvent ? event.ctrlKey || event.metaKey : true))
    .on(
      "zoom",
      ({ transform }: { readonly transform: { readonly x: number; readonly y: number; readonly k: number } }) => {
        world.style.transform = `translate(${String(transform.x)}px, ${String(transform.y)}px) scale(${String(transform.k)})`;
      },
    );
  const window = select(stage);
  window.call(behavior).on("dblclick.zoom", null);
  const scale = (): number => zoomTransform(stage).k;
  const panBy = (x: number, y: number): void => behavior.translateBy(window, x / scale(), y / scale());
  stage.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      panBy(-event.deltaX * lines, -event.deltaY * lines);
    },
    { passive: false },
  );
  const resize = (next: BoxSize): void => {
    size = next;
    const { clientWidth, clientHeight } = stage;
    behavior.translateExtent([
      [-around - Math.max(0, clientWidth - size.width), -around - Math.max(0, clientHeight - size.height)],
      [
        size.width + around + Math.max(0, clientWidth - size.width),
        size.height + around + Math.max(0, clientHeight - size.height),
      ],
    ]);
  };
  /** The largest scale up to 1 at which all is seen. */
  const fitting = (): number => Math.min(1, stage.clientWidth / size.width, stage.clientHeight / size.height);
  const show = (k: number, beginning: Point): void => {
    const x = startOf(stage.clientWidth, size.width * k, beginning.x * k);
    const y = startOf(stage.clientHeight, size.height * k, beginning.y * k);
    behavior.transform(window, zoomIdentity.translate(x, y).scale(k));
  };
  return {
    fit: (next, beginning) => {
      resize(next);
      show(Math.max(smallestReadable, fitting()), beginning);
    },
    resize,
    whole: () => show(fitting(), { x: 0, y: 0 }),
    zoomBy: (factor) => behavior.scaleBy(window, factor),
    panBy,
    reveal: (target) => {
      const seen = stage.getBoundingClientRect();
      const rect = target.getBoundingClientRect();
      const distance = (from: number, to: number, first: number, last: number): number =>
        from < first ? first - from + 16 : to > last ? Math.max(last - to - 16, first - from + 16) : 0;
      panBy(
        distance(rect.left, rect.right, seen.left, seen.right),
        distance(rect.top, rect.bottom, seen.top, seen.bottom),
      );
    },
  };
}

/** Where a picture starts in its window: in the middle, or so that its beginning is seen where it is larger. */
function startOf(window: number, picture: number, beginning: number): number {
  if (picture <= window) return (window - picture) / 2;
  return Math.max(window - picture, Math.min(0, window / 3 - beginning));
}
