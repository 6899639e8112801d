// The land and its borders (Natural Earth), fetched once for all maps of a page.
import type { GeometryCollection, Topology } from "topojson-specification";
import { feature, mesh } from "topojson-client";
import { getJson } from "./tokens";

export interface Land {
  land: GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon>;
  borders: GeoJSON.MultiLineString;
}

const loaded = new Map<string, Promise<Land>>();

/** Fetches a world-atlas file. */
export function loadLand(address: string): Promise<Land> {
  let found = loaded.get(address);
  if (!found) {
    found = getJson<Topology>(address).then((world) => {
      const countries = world.objects["countries"] as GeometryCollection;
      return {
        land: feature(world, countries) as Land["land"],
        borders: mesh(world, countries, (one, other) => one !== other),
      };
    });
    loaded.set(address, found);
  }
  return found;
}
