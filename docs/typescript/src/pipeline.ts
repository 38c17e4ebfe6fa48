import { Operations } from './operations.js'

/** Transform steps for any image: `new Pipeline().resize({ width: 400 }).webp()`. */
export class Pipeline extends Operations<Pipeline> {
  constructor(
    private readonly steps: readonly string[] = [],
    private readonly extension = '',
  ) {
    super()
  }

  protected withStep(step: string): Pipeline {
    return new Pipeline([...this.steps, step], this.extension)
  }

  toFormat(extension: string): Pipeline {
    return new Pipeline(this.steps, extension.toLowerCase().replace(/^\./, ''))
  }

  /** The path of the rendition of an image; without steps, that of a conversion. */
  path(imageId: string): string {
    if (!/^[0-9a-f]{64}$/.test(imageId)) {
      throw new TypeError(`an id has 64 characters from 0-9 and a-f, got ${imageId.slice(0, 80)}`)
    }
    const steps = this.steps.map((step) => `/${encodeURI(step)}`).join('')
    const suffix = this.extension && `.${encodeURIComponent(this.extension)}`
    return `/images/${imageId}${steps || suffix ? steps : '/'}${suffix}`
  }

  toString(): string {
    return this.steps.join('/') + (this.extension && `.${this.extension}`)
  }
}
