// The tiles of a picture, as a viewer asks for them.

import { servicePath } from "./service_path.js";
import { request } from "./api.js";
import { isOpen, offers } from "./service.js";
import { needsToken } from "./showing.js";
import { signedLoader } from "./signed_tiles.js";

const TILE_PX = 512;

/** True if this service has tiles of pictures for the user. */
export const hasTiles = () => isOpen() || offers("deep_zoom");

/**
 * Return the tiles of a record as options of `OpenSeadragon.TileSource`.
 *
 * The tile at column x and row y of a level shows a square of `512 * scale` pixels, or up to the
 * edge of the picture, at a side of 512 pixels or less: the grid of docs/deep-zoom.md. Rejects as
 * `request` does if the tiles need a signature that the user cannot have.
 */
export async function tileSource(record) {
  const { width, height } = record;
  const addressOf = isOpen() ? pipelines(record) : iiifPath(record);
  const maxLevel = Math.ceil(Math.log2(Math.max(width, height)));

  function getTileUrl(level, column, row) {
    const scale = 2 ** (maxLevel - level);
    const [x, y] = [column * TILE_PX * scale, row * TILE_PX * scale];
    const part = [Math.min(TILE_PX * scale, width - x), Math.min(TILE_PX * scale, height - y)];
    return addressOf([x, y], part, part.map((side) => Math.ceil(side / scale)));
  }

  const minLevel = Math.min(maxLevel, Math.floor(Math.log2(TILE_PX)));
  const source = { width, height, tileSize: TILE_PX, minLevel, maxLevel, getTileUrl };
  if (!isOpen()) {
    // Where not all transforms are allowed, the tiles of IIIF are for those who may sign an address.
    const { startTile, abortTile } = await signedLoader(record);
    return { ...source, downloadTileStart: startTile, downloadTileAbort: abortTile };
  }
  // An `img` sends no token.
  return needsToken(record) ? { ...source, downloadTileStart, downloadTileAbort } : source;
}

const formatOf = (record) => (record.has_alpha ? "webp" : "jpg");

function pipelines(record) {
  return ([x, y], [width, height], size) =>
    `${servicePath}/images/${record.id}/crop:x=${x},y=${y},width=${width},height=${height}/resize:${size.join("x")},fit=fill.${formatOf(record)}`;
}

const iiifPath = (record) => (corner, part, size) => `${[...corner, ...part].join(",")}/${size.join(",")}/0/default.${formatOf(record)}`;

/** Load a tile with the token of the user, in place of OpenSeadragon. */
function downloadTileStart(job) {
  job.userData.controller = new AbortController();
  request(job.src, { headers: { Accept: "image/*" }, signal: job.userData.controller.signal })
    .then((response) => response.blob())
    .then((blob) => job.finish(blob, null, "rasterBlob"))
    .catch((error) => error.name !== "AbortError" && job.fail(error.message, null));
}

function downloadTileAbort(job) {
  job.userData.controller.abort();
}
