import { Pipeline } from './pipeline.js'

/**
 * Return a loader for next/image; `src` is the id of an image.
 *
 *     // image-loader.ts, named by images.loaderFile in next.config.ts
 *     export default imageLoader('https://img.example.com')
 */
export function imageLoader(baseUrl: string) {
  return ({ src, width, quality }: { src: string; width: number; quality?: number }): string => {
    const resized = new Pipeline().resize({ width })
    const pipeline = quality === undefined ? resized : resized.quality({ value: quality })
    return baseUrl.replace(/\/+$/, '') + pipeline.auto().path(src)
  }
}
