// <dw-route>: the way of one shipment so far, and where it is now.
import { geoMercator } from "d3-geo";
import { CanvasMap } from "./canvas-map";
import { drawMark, getJson, token, type Look } from "./tokens";

interface Point {
  at_ms: number;
  latitude_udeg: number;
  longitude_udeg: number;
}

class Route extends CanvasMap {
  private points: Point[] = [];

  constructor() {
    super();
    this.projection = geoMercator();
  }

  protected async load(): Promise<void> {
    this.points = await getJson<Point[]>(this.getAttribute("src") ?? "");
    const longitudes = this.points.map((one) => one.longitude_udeg / 1e6);
    // A way across the date line would otherwise run around the world.
    if (Math.max(...longitudes) - Math.min(...longitudes) > 180) this.projection.rotate([180, 0]);
  }

  protected home(): void {
    const places = this.points.flatMap((one) => {
      const at = this.projection([one.longitude_udeg / 1e6, one.latitude_udeg / 1e6]);
      return at ? [at] : [];
    });
    if (places.length === 0) {
      this.view = { k: 1, x: 0, y: 0 };
      this.redraw();
      return;
    }
    const xs = places.map((at) => at[0]);
    const ys = places.map((at) => at[1]);
    this.show([[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]], 60);
  }

  protected draw(pen: CanvasRenderingContext2D): void {
    const places = this.points.flatMap((one) => {
      const at = this.place(one.longitude_udeg / 1e6, one.latitude_udeg / 1e6);
      return at ? [at] : [];
    });
    for (const [width, colour] of [[6, token("surface")], [3, token("series")]] as const) {
      pen.beginPath();
      for (const [x, y] of places) pen.lineTo(x, y);
      pen.lineWidth = width;
      pen.lineJoin = "round";
      pen.lineCap = "round";
      pen.strokeStyle = colour;
      pen.stroke();
    }
    const [first, last] = [places[0], places.at(-1)];
    if (first) {
      pen.beginPath();
      pen.arc(first[0], first[1], 5, 0, 2 * Math.PI);
      pen.fillStyle = token("surface");
      pen.fill();
      pen.lineWidth = 2.5;
      pen.strokeStyle = token("series");
      pen.stroke();
    }
    if (last) drawMark(pen, (this.dataset["worst"] || "good") as Look, last[0], last[1], 7);
  }
}

customElements.define("dw-route", Route);
