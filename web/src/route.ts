// <dw-route>: the way of one shipment so far, and where it is now.
import { MapView } from "./map-view";
import { drawMark, drawRing, drawWay, lonLat, type Located, type LonLat, type Look } from "./marks";
import { getJson, token } from "./tokens";

class Route extends MapView {
  protected readonly isWorld = false;
  protected readonly limit = 60;
  private points: LonLat[] = [];

  protected async load(): Promise<void> {
    this.points = (await getJson<Located[]>(this.getAttribute("src") ?? "")).map(lonLat);
  }

  protected places(): LonLat[] {
    return this.points;
  }

  protected draw(pen: CanvasRenderingContext2D): void {
    const way = this.points.flatMap((one) => (at => (at ? [at] : []))(this.place(one)));
    drawWay(pen, way);
    const [first, last] = [way[0], way.at(-1)];
    if (first) drawRing(pen, ...first, 5, token("series"), 2.5, token("surface"));
    if (last) drawMark(pen, (this.dataset["worst"] || "good") as Look, ...last, 7);
  }
}

customElements.define("dw-route", Route);
