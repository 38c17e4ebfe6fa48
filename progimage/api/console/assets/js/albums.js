// Albums of the service: reading and changing them.

import { servicePath } from "./service_path.js";
import { json, request, sendJson } from "./api.js";

const MOST_OF_ONE_REQUEST = 1_000;

const pathOf = (id) => `${servicePath}/albums/${encodeURIComponent(id)}/`;

const signed = (path, signature, query = {}) => {
  const values = new URLSearchParams({ ...query, ...(signature ? { sig: signature } : {}) });
  return values.size ? `${path}?${values}` : path;
};

/** The first page of the albums of the user. */
export const albumsPath = `${servicePath}/albums/?limit=100`;

/** Return the document of an album; `signature` is that of a link to it, if there is one. */
export const readAlbum = (id, signature, options) => json(signed(pathOf(id), signature), options);

/** Return the path of the first page of the pictures of an album. */
export const picturesPath = (id, signature) => signed(`${pathOf(id)}images/`, signature, { limit: 60 });

/** Create an album of `fields`, with pictures in order; resolves to its document. */
export async function createAlbum(fields, ids = []) {
  const response = await sendJson(`${servicePath}/albums/`, { ...fields, images: ids });
  return response.json();
}

/** Change fields of an album; resolves to its new document. */
export async function changeAlbum(id, fields) {
  // Only these fields are written, so the newest version is as good a base as the one that is shown.
  const current = await request(pathOf(id));
  const response = await sendJson(pathOf(id), fields, { method: "PATCH", headers: { "If-Match": current.headers.get("ETag") } });
  return response.json();
}

/** Remove an album; its pictures stay. */
export const deleteAlbum = (id) => request(pathOf(id), { method: "DELETE" });

/**
 * Add pictures to an album, or move them in it: in front of the picture `before`, or to the end.
 *
 * Resolves to how many were added or moved; the others do not exist any more.
 */
export async function addPictures(id, ids, before = null) {
  let added = 0;
  for (const part of parts(ids)) {
    const response = await sendJson(`${pathOf(id)}images/`, { add: part, ...(before ? { before } : {}) }, { method: "PATCH" });
    added += (await response.json()).images.filter(({ status }) => status === 200).length;
  }
  return added;
}

/** Remove pictures from an album; they stay in the library. */
export async function removePictures(id, ids) {
  for (const part of parts(ids)) await sendJson(`${pathOf(id)}images/`, { remove: part }, { method: "PATCH" });
}

/** Sign a link to an album; resolves to `{url, expires, signature}`. */
export async function linkToAlbum(id, seconds) {
  const response = await sendJson(`${pathOf(id)}links/`, { expires_in: seconds });
  const link = await response.json();
  return { ...link, signature: new URL(link.url).searchParams.get("sig") };
}

function* parts(ids) {
  for (let at = 0; at < ids.length; at += MOST_OF_ONE_REQUEST) yield ids.slice(at, at + MOST_OF_ONE_REQUEST);
}
