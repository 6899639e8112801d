// The shapes that maps draw: the same as the icons of the page, so that colour is never alone.
import { token } from "./tokens";

export type Severity = "critical" | "high" | "warning" | "info";
export type Look = Severity | "good";
export type LonLat = [number, number];

/** What lies somewhere, as the API gives it. */
export interface Located {
  latitude_udeg: number;
  longitude_udeg: number;
}

const ORDER: readonly Look[] = ["good", "info", "warning", "high", "critical"];

/** How grave a look is, from 0. */
export const rank = (look: Look): number => ORDER.indexOf(look);

/** Where it lies, in degrees. */
export const lonLat = (one: Located): LonLat => [one.longitude_udeg / 1e6, one.latitude_udeg / 1e6];

/** Draws the shape of a look, filled. */
export function drawMark(pen: CanvasRenderingContext2D, look: Look, x: number, y: number, r: number): void {
  pen.beginPath();
  if (look === "critical") {
    for (let corner = 0; corner < 8; corner++) {
      const angle = Math.PI / 8 + (corner * Math.PI) / 4;
      pen.lineTo(x + r * 1.15 * Math.cos(angle), y + r * 1.15 * Math.sin(angle));
    }
  } else if (look === "high") {
    pen.moveTo(x, y - r * 1.25);
    pen.lineTo(x + r * 1.2, y + r * 0.9);
    pen.lineTo(x - r * 1.2, y + r * 0.9);
  } else if (look === "warning") {
    pen.moveTo(x, y - r * 1.25);
    pen.lineTo(x + r * 1.25, y);
    pen.lineTo(x, y + r * 1.25);
    pen.lineTo(x - r * 1.25, y);
  } else {
    pen.arc(x, y, r, 0, 2 * Math.PI);
  }
  pen.closePath();
  pen.fillStyle = token(look);
  pen.fill();
  pen.lineWidth = 1.6;
  pen.strokeStyle = token("surface");
  pen.stroke();
}

/** Draws a circle: filled, or only its edge. */
export function drawRing(pen: CanvasRenderingContext2D, x: number, y: number, r: number, edge: string, width: number, fill = ""): void {
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  if (fill) {
    pen.fillStyle = fill;
    pen.fill();
  }
  pen.strokeStyle = edge;
  pen.lineWidth = width;
  pen.stroke();
}

/** Draws a line with an edge that sets it off from the land. */
export function drawWay(pen: CanvasRenderingContext2D, places: readonly (readonly [number, number])[]): void {
  pen.lineJoin = pen.lineCap = "round";
  for (const [width, colour] of [[6, token("surface")], [3, token("series")]] as const) {
    pen.beginPath();
    for (const [x, y] of places) pen.lineTo(x, y);
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.stroke();
  }
}
