// Builds the pages' scripts and styles: `node build.mjs OUT`. Called by hatch_build.py, which brings Node along.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const out = process.argv[2];
if (!out) throw new Error("usage: node build.mjs OUT");

const read = async (name) => JSON.parse(await readFile(join("node_modules", name, "package.json"), "utf8"));
// MapLibre comes with what it is made of already bundled into it.
const within = Object.keys((await read("maplibre-gl")).dependencies).filter((name) => !name.startsWith("@types/"));
const shipped = ["d3-array", "d3-geo", "htmx.org", "internmap", "maplibre-gl", "topojson-client", "uplot", "world-atlas", ...within];
/** These name their licence in package.json and bring no text of it. */
const withoutText = ["murmurhash-js", "world-atlas"];

/** Copies of files that are served as they are. */
const copies = [
  ["world-atlas/countries-110m.json", "countries-110m.json"],
  // Fetched only where a graphics card draws the maps.
  ["world-atlas/countries-50m.json", "countries-50m.json"],
  ["maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.mjs"],
];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: { app: "src/app.ts", page: "css/page.css" },
  outdir: out,
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome120", "firefox120", "safari17"],
  chunkNames: "[name]-[hash]",
  legalComments: "none",
  logLevel: "warning",
});
for (const [from, to] of copies) await copyFile(join("node_modules", from), join(out, to));
await writeFile(join(out, "THIRD-PARTY.txt"), await thirdParty());

/** The licences of everything that reaches the browser. */
async function thirdParty() {
  const parts = ["Doseway's pages contain these works, unchanged except for bundling.", ""];
  for (const name of shipped) {
    const folder = join("node_modules", name);
    const about = await read(name);
    const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    parts.push("=".repeat(80), `${name} ${about.version} (${about.license})`, "");
    for (const file of files) parts.push((await readFile(join(folder, file), "utf8")).trim(), "");
    if (files.length === 0 && !withoutText.includes(name)) throw new Error(`${name} has no licence file`);
  }
  parts.push("=".repeat(80), "Natural Earth, the land and borders in world-atlas: public domain.", "");
  return parts.join("\n");
}
