// What lies under the marks of a map: the land, and where a position is on the screen. There are two: a canvas, which
// draws anywhere in milliseconds, and MapLibre, fetched only where a graphics card draws it.
import type { LonLat } from "./marks";

export interface Ground {
  readonly name: "canvas" | "webgl";
  /** What it draws on. */
  readonly node: HTMLElement;
  /** How far in one is: 1 shows the world. */
  readonly closeness: number;
  resize(width: number, height: number): void;
  /** Shows all of these, no closer than `most`; nothing: the world. */
  fit(places: readonly LonLat[], most: number): void;
  /** Where a position is; null where it is not shown at all. */
  place(at: LonLat): [number, number] | null;
  /** The positions in the middle of the four edges. */
  edges(): LonLat[];
  zoom(by: number, x: number, y: number): void;
  move(x: number, y: number): void;
  /** Draws anew, in the colours of now. */
  paint(): void;
  remove(): void;
}

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|virgl|svga3d|paravirtual/i;

/** Tells whether the reader wants MapLibre, or has a graphics card that draws it. */
export function wantsGl(): boolean {
  const wish = document.documentElement.dataset["map"];
  return wish === "webgl" || (wish !== "canvas" && hasGraphicsCard());
}

function hasGraphicsCard(): boolean {
  const pen = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!pen) return false;
  const names = pen.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(pen.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : pen.RENDERER));
  pen.getExtension("WEBGL_lose_context")?.loseContext();
  return renderer !== "" && !SOFTWARE.test(renderer);
}

/** Longitudes without the jump at 180°, where that makes the box narrower. */
export function unrolled(places: readonly LonLat[]): LonLat[] {
  const turned = places.map(([longitude, latitude]): LonLat => [longitude < 0 ? longitude + 360 : longitude, latitude]);
  return width(turned) < width(places) ? turned : [...places];
}

const width = (places: readonly LonLat[]): number => {
  const longitudes = places.map(([longitude]) => longitude);
  return Math.max(...longitudes) - Math.min(...longitudes);
};
