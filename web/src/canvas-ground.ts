// The land on a canvas: no graphics card, the same picture everywhere, on paper too.
import { geoEqualEarth, geoMercator, geoPath, type GeoProjection } from "d3-geo";
import { unrolled, type Ground } from "./ground";
import type { Land } from "./land";
import type { LonLat } from "./marks";
import { token } from "./tokens";

const MOST = 400;
const MARGIN = 36;
const SETTLE_MS = 90;

export class CanvasGround implements Ground {
  readonly name = "canvas";
  readonly node = document.createElement("canvas");
  private readonly projection: GeoProjection;
  private readonly kept = document.createElement("canvas");
  private keptView = { k: 1, x: 0, y: 0 };
  private view = { k: 1, x: 0, y: 0 };
  private size = { width: 0, height: 0 };
  private settling = 0;

  /** @param isWorld whether it shows the world, in equal areas, or a way, in Mercator. */
  constructor(
    private readonly land: Land,
    private readonly isWorld: boolean,
  ) {
    this.projection = isWorld ? geoEqualEarth() : geoMercator();
    this.node.setAttribute("aria-hidden", "true");
  }

  get closeness(): number {
    return this.view.k;
  }

  resize(width: number, height: number): void {
    this.size = { width, height };
    for (const one of [this.node, this.kept]) {
      one.width = Math.round(width * devicePixelRatio);
      one.height = Math.round(height * devicePixelRatio);
    }
    this.projection.fitExtent([[6, 6], [width - 6, height - 6]], { type: "Sphere" });
  }

  fit(places: readonly LonLat[], most: number): void {
    // A way across the date line would otherwise run around the world.
    if (!this.isWorld) this.projection.rotate([unrolled(places).some(([longitude]) => longitude > 180) ? 180 : 0, 0]);
    const shown = places.flatMap((one) => (at => (at ? [at] : []))(this.projection(one)));
    const [xs, ys] = [shown.map((at) => at[0]), shown.map((at) => at[1])];
    const [left, right, top, bottom] = shown.length
      ? [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
      : [0, this.size.width, 0, this.size.height];
    const margin = shown.length ? 2 * MARGIN : 0;
    const across = (this.size.width - margin) / Math.max(right - left, 1e-6);
    const down = (this.size.height - margin) / Math.max(bottom - top, 1e-6);
    const k = Math.max(Math.min(across, down, most), 0.5);
    this.view = { k, x: this.size.width / 2 - (k * (left + right)) / 2, y: this.size.height / 2 - (k * (top + bottom)) / 2 };
    this.paint();
  }

  place(at: LonLat): [number, number] | null {
    const shown = this.projection(at);
    return shown ? [shown[0] * this.view.k + this.view.x, shown[1] * this.view.k + this.view.y] : null;
  }

  edges(): LonLat[] {
    const { width, height } = this.size;
    const middles: [number, number][] = [[0, height / 2], [width, height / 2], [width / 2, 0], [width / 2, height]];
    return middles.flatMap(([x, y]) => {
      const at = this.projection.invert?.([(x - this.view.x) / this.view.k, (y - this.view.y) / this.view.k]);
      return at && at.every(Number.isFinite) ? [at] : [];
    });
  }

  zoom(by: number, x: number, y: number): void {
    const k = Math.min(MOST, Math.max(0.8, this.view.k * by));
    const ratio = k / this.view.k;
    this.view = { k, x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio };
    this.shift();
  }

  move(x: number, y: number): void {
    this.view = { ...this.view, x: this.view.x + x, y: this.view.y + y };
    this.shift();
  }

  /** The land takes up to 70 ms to draw without a graphics card, so it is kept, and moved while a hand moves it. */
  paint(): void {
    const pen = this.kept.getContext("2d");
    if (!pen) return;
    const { k, x, y } = this.view;
    const path = geoPath(this.projection, pen);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = token("sea");
    pen.fillRect(0, 0, this.kept.width, this.kept.height);
    pen.setTransform(k * devicePixelRatio, 0, 0, k * devicePixelRatio, x * devicePixelRatio, y * devicePixelRatio);
    pen.beginPath();
    path(this.land.land);
    pen.fillStyle = token("land");
    pen.fill();
    pen.beginPath();
    path(this.land.borders);
    pen.strokeStyle = token("border");
    pen.lineWidth = 0.8 / k;
    pen.stroke();
    this.keptView = { ...this.view };
    this.show();
  }

  remove(): void {
    clearTimeout(this.settling);
    this.node.remove();
  }

  private shift(): void {
    this.show();
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => this.paint(), SETTLE_MS);
  }

  private show(): void {
    const pen = this.node.getContext("2d");
    if (!pen) return;
    const ratio = this.view.k / this.keptView.k;
    const x = this.view.x - this.keptView.x * ratio;
    const y = this.view.y - this.keptView.y * ratio;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = token("sea");
    pen.fillRect(0, 0, this.node.width, this.node.height);
    pen.setTransform(ratio, 0, 0, ratio, x * devicePixelRatio, y * devicePixelRatio);
    pen.drawImage(this.kept, 0, 0);
  }
}
