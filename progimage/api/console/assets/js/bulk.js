// What is done with many pictures at once: changes, archives and links.

import { servicePath } from "./service_path.js";
import { json, request, sendJson } from "./api.js";
import { extensionOf } from "./formats.js";
import { Problem } from "./problem.js";
import { nameOf } from "./wording.js";
import { ZipWriter } from "./zip.js";

const MOST_OF_ONE_REQUEST = 1_000;
const AT_A_TIME = 4;

/**
 * Apply `change`, the fields of `PATCH /images/` without its ids, to `records`.
 *
 * Resolves to `{changed, failed}`: the results of the service, each with `id` and `status`.
 */
export async function changeAll(records, change) {
  const results = [];
  for (let at = 0; at < records.length; at += MOST_OF_ONE_REQUEST) {
    const images = records.slice(at, at + MOST_OF_ONE_REQUEST).map(({ id }) => id);
    const response = await sendJson(`${servicePath}/images/`, { images, ...change }, { method: "PATCH" });
    results.push(...(await response.json()).images);
  }
  const [changed, failed] = [results.filter(({ status }) => status < 400), results.filter(({ status }) => status >= 400)];
  return { changed, failed };
}

/** Fetch the originals of `records` into one archive; `onprogress` gets how many are there. */
export async function archiveOf(records, { signal, onprogress }) {
  const zip = new ZipWriter();
  let done = 0;
  for (const record of records) {
    const response = await request(originalOf(record), { headers: { Accept: "*/*" }, signal });
    await zip.add(await fileNameOf(record), await response.blob());
    done += 1;
    onprogress(done);
  }
  return zip.blob();
}

/** Return an absolute URL of each picture: signed for a week where it is private. */
export async function linksTo(records) {
  const urls = [];
  for (let at = 0; at < records.length; at += AT_A_TIME) {
    urls.push(...(await Promise.all(records.slice(at, at + AT_A_TIME).map(linkTo))));
  }
  return urls;
}

const WEEK_S = 7 * 24 * 3600;

async function linkTo(record) {
  if (record.visibility !== "private") return new URL(originalOf(record), location.origin).href;
  return (await signedLink(record.id, "original", WEEK_S)).url;
}

/**
 * Return `{url, expires}` of a link by which everybody sees `transform` of a picture.
 *
 * If the service allows no link for so many seconds, the link is for its usual time.
 */
export async function signedLink(id, transform, seconds) {
  const path = `${servicePath}/images/${id}/links/`;
  const send = (value) => json(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
  try {
    return await send({ transform, expires_in: seconds });
  } catch (error) {
    const isTooLong = error instanceof Problem && error.status === 400 && error.message.includes("expires_in");
    if (!isTooLong) throw error;
    return send({ transform });
  }
}

export const originalOf = (record) => `${servicePath}/images/${record.id}/`;

/** Resolve to a file name with the extension of the picture's type. */
export async function fileNameOf(record) {
  const extension = (await extensionOf(record.media_type)) ?? record.media_type.split("/")[1].replace(/^x-|\+.*$/g, "");
  const name = record.file_name || nameOf(record);
  return name.toLowerCase().endsWith(`.${extension}`) || /\.[a-z0-9]{2,4}$/i.test(name) ? name : `${name}.${extension}`;
}

/** Let the browser save a blob. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The download reads the blob after this returns.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
