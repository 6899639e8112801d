// The land by MapLibre, for a graphics card: finer borders, sharp while it moves, down to a street's width. It asks for
// nothing but this server's own files: no tiles, no glyphs, no sprites. It takes no part in hands and keys.
import { Map as GlMap, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import { unrolled, type Ground } from "./ground";
import { loadLand, type Land } from "./land";
import type { LonLat } from "./marks";
import { token } from "./tokens";

const MARGIN = 36;
const TILE = 512;
const NORTHMOST = 85;

/** Makes the ground, once its land is drawn. Rejects where it cannot be drawn. */
export async function glGround(land: string, worker: string, size: { width: number; height: number }): Promise<Ground> {
  setWorkerUrl(worker);
  const ground = new GlGround(await loadLand(land), size);
  await ground.drawn;
  return ground;
}

const across = (longitude: number): number => (longitude + 180) / 360;
const down = (latitude: number): number => {
  const north = (Math.min(NORTHMOST, Math.max(-NORTHMOST, latitude)) * Math.PI) / 180;
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + north / 2)) / (2 * Math.PI);
};
const northOf = (y: number): number => (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90;

class GlGround implements Ground {
  readonly name = "webgl";
  readonly node = document.createElement("div");
  readonly drawn: Promise<void>;
  private readonly map: GlMap;

  constructor(
    land: Land,
    private size: { width: number; height: number },
  ) {
    this.node.setAttribute("aria-hidden", "true");
    this.node.className = "gl-ground";
    this.node.style.width = `${size.width}px`;
    this.node.style.height = `${size.height}px`;
    this.map = new GlMap({
      container: this.node,
      style: styleOf(land),
      interactive: false,
      attributionControl: false,
      trackResize: false,
      renderWorldCopies: true,
      fadeDuration: 0,
      minZoom: -1,
      maxZoom: 15,
      canvasContextAttributes: { preserveDrawingBuffer: true },
    });
    for (const name of ["role", "aria-label"]) this.map.getCanvas().removeAttribute(name);
    this.drawn = new Promise((resolve, reject) => {
      this.map.once("idle", () => resolve());
      this.map.once("error", (event) => reject(event.error));
    });
  }

  get closeness(): number {
    return this.world / this.size.width;
  }

  resize(width: number, height: number): void {
    this.size = { width, height };
    this.node.style.width = `${width}px`;
    this.node.style.height = `${height}px`;
    this.map.resize();
  }

  fit(places: readonly LonLat[], most: number): void {
    const shown = places.length ? unrolled(places) : ([[-170, -58], [190, 78]] as LonLat[]);
    const [xs, ys] = [shown.map((one) => across(one[0])), shown.map((one) => down(one[1]))];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const margin = places.length ? 2 * MARGIN : 0;
    const world = Math.min(
      (this.size.width - margin) / Math.max(right - left, 1e-9),
      (this.size.height - margin) / Math.max(bottom - top, 1e-9),
      most * this.size.width,
    );
    this.look((left + right) / 2, (top + bottom) / 2, world);
  }

  place([longitude, latitude]: LonLat): [number, number] {
    const { x, y } = this.centre;
    const beside = across(longitude) - x;
    // Of the copies of the world side by side, the one that is nearest to the middle is meant.
    return [this.size.width / 2 + (beside - Math.round(beside)) * this.world, this.size.height / 2 + (down(latitude) - y) * this.world];
  }

  edges(): LonLat[] {
    const { x, y } = this.centre;
    const [wide, high] = [this.size.width / 2 / this.world, this.size.height / 2 / this.world];
    return [[x - wide, y], [x + wide, y], [x, y - high], [x, y + high]].map(([u = 0, v = 0]): LonLat => [u * 360 - 180, northOf(v)]);
  }

  zoom(by: number, x: number, y: number): void {
    const { x: u, y: v } = this.centre;
    const [right, below] = [(x - this.size.width / 2) / this.world, (y - this.size.height / 2) / this.world];
    this.look(u + right * (1 - 1 / by), v + below * (1 - 1 / by), this.world * by);
  }

  move(x: number, y: number): void {
    const { x: u, y: v } = this.centre;
    this.look(u - x / this.world, v - y / this.world, this.world);
  }

  paint(): void {
    this.map.setPaintProperty("sea", "background-color", token("sea"));
    this.map.setPaintProperty("land", "fill-color", token("land"));
    this.map.setPaintProperty("borders", "line-color", token("border"));
  }

  remove(): void {
    this.map.remove();
    this.node.remove();
  }

  private get world(): number {
    return TILE * 2 ** this.map.getZoom();
  }

  private get centre(): { x: number; y: number } {
    const { lng, lat } = this.map.getCenter();
    return { x: across(lng), y: down(lat) };
  }

  private look(x: number, y: number, world: number): void {
    this.map.jumpTo({ center: [x * 360 - 180, northOf(y)], zoom: Math.log2(world / TILE) });
  }
}

function styleOf(land: Land): StyleSpecification {
  return {
    version: 8,
    transition: { duration: 0, delay: 0 },
    sources: {
      land: { type: "geojson", data: flat(land), maxzoom: 8, tolerance: 0.2 },
      borders: { type: "geojson", data: land.borders, maxzoom: 8, tolerance: 0.2 },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": token("sea") } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": token("land"), "fill-antialias": false } },
      { id: "borders", type: "line", source: "borders", paint: { "line-color": token("border"), "line-width": 0.8 } },
    ],
  };
}

/** The land for a flat map: no ring jumps at 180°, and the one around the pole is closed along the edge. */
function flat({ land }: Land): Land["land"] {
  const features = land.features.map((one) => {
    const polygons = one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates;
    const coordinates = polygons.map((rings) => rings.map(unrolledRing));
    return { ...one, geometry: { type: "MultiPolygon" as const, coordinates } };
  });
  return { ...land, features };
}

function unrolledRing(ring: GeoJSON.Position[]): GeoJSON.Position[] {
  let last = ring[0]?.[0] ?? 0;
  const start = last;
  const unrolled = ring.map(([longitude = 0, latitude = 0]) => {
    last = longitude - 360 * Math.round((longitude - last) / 360);
    return [last, latitude];
  });
  return last === start ? unrolled : [...unrolled, [last, -90], [start, -90], [start, ring[0]?.[1] ?? 0]];
}
