// Tiles by a signed address, which is renewed while the picture is open.

import { signedLink } from "./bulk.js";

const SIGNED_FOR_S = 6 * 3600;
const LEAST_S = 60;

/**
 * Sign an address for the tiles of a record, and return how OpenSeadragon loads them.
 *
 * `startTile` and `abortTile` take the place of the viewer's own functions; the address of a tile
 * is the part behind the signed one, and so stays the same when that one is renewed. Rejects as
 * `request` does if the user cannot sign an address.
 */
export async function signedLoader(record) {
  let signed = await sign(record);
  let renewal = null;

  function renew() {
    renewal ??= sign(record)
      .then((renewed) => {
        signed = renewed;
      })
      .finally(() => {
        renewal = null;
      });
    return renewal;
  }

  /** Return an address that is still valid. It is renewed once half of its time is over. */
  async function base() {
    const now = Date.now();
    if (now >= signed.endsAt) await renew();
    else if (now >= signed.renewedAt) renew().catch(() => {}); // The next tile tries again.
    return signed.base;
  }

  async function startTile(job) {
    const { userData } = job;
    userData.isAborted = false;
    userData.path ??= job.src;
    try {
      job.src = `${await base()}/${userData.path}`;
      if (!userData.isAborted) window.OpenSeadragon.TileSource.prototype.downloadTileStart.call(this, job);
    } catch (error) {
      job.fail(error.message, null);
    }
  }

  function abortTile(job) {
    job.userData.isAborted = true;
    window.OpenSeadragon.TileSource.prototype.downloadTileAbort.call(this, job);
  }

  return { startTile, abortTile };
}

async function sign(record) {
  const { url, expires } = await signedLink(record.id, "iiif", SIGNED_FOR_S);
  const now = Date.now();
  // The clock of this machine may be wrong by hours.
  const lastsMs = Math.min(Math.max(Date.parse(expires) - now, LEAST_S * 1000), SIGNED_FOR_S * 1000);
  return { base: new URL(url).pathname.replace(/\/info\.json$/, ""), renewedAt: now + lastsMs / 2, endsAt: now + lastsMs };
}
