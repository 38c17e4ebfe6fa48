import { Pipeline } from './pipeline.js'

/** The modifiers of @nuxt/image that have a meaning here; others are ignored. */
export interface Modifiers {
  width?: number | string
  height?: number | string
  fit?: 'contain' | 'cover' | 'fill' | 'inside' | 'outside'
  format?: string
  quality?: number | string
}

/**
 * A provider for @nuxt/image; `src` is the id of an image.
 *
 *     // nuxt.config.ts
 *     image: { providers: { progimage: { provider: 'progimage-client/nuxt', options: { baseURL } } } }
 */
export function getImage(
  src: string,
  { modifiers = {}, baseURL = '' }: { modifiers?: Modifiers; baseURL?: string } = {},
): { url: string } {
  const { width, height, fit, format, quality } = modifiers
  let pipeline = new Pipeline()
  if (width || height) {
    pipeline = pipeline.resize({
      ...(width ? { width: Number(width) } : {}),
      ...(height ? { height: Number(height) } : {}),
      ...(fit ? { fit } : {}),
    })
  }
  if (quality) pipeline = pipeline.quality({ value: Number(quality) })
  const path = pipeline.toFormat(format ?? 'auto').path(src.replace(/^\//, ''))
  return { url: baseURL.replace(/\/+$/, '') + path }
}

export default getImage
