// The picture formats of this service, as it declares them.

import { transformList } from "./api.js";

/** Resolve to the extension of a media type, without the dot; null if the service does not know it. */
export async function extensionOf(mediaType) {
  const { formats } = await transformList();
  return formats.find((form) => form.media_type === mediaType)?.extension ?? null;
}
