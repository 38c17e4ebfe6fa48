import { Upload, type UploadOptions } from 'tus-js-client'

import { Albums, pages } from './albums.js'
import { Pipeline } from './pipeline.js'

/** The record of an image; a newer server can send more fields. */
export interface ImageRecord {
  id: string
  owner: string
  revision: number
  size_bytes: number
  media_type: string
  width: number
  height: number
  frames: number
  has_alpha: boolean
  dominant_colour: string
  placeholder: string
  file_name: string
  created: string
  modified: string
  title: string
  description: string
  tags: string[]
  visibility: 'public' | 'private'
  rights: string
  alt: string
  focal_point: { x: number; y: number } | null
  custom: Record<string, string>
  external_id: string
}

export interface UploadFields {
  title?: string
  description?: string
  tags?: string[]
  visibility?: 'public' | 'private'
  /** What to do with these fields if the image is already there; "keep" ignores them. */
  on_known?: 'keep' | 'merge' | 'replace'
  /** Its id in another system, unique among the images of an owner. */
  external_id?: string
  /** What to do if another image has the external id: an error, or move it to this one. */
  on_external?: 'conflict' | 'replace'
}

export interface UploadControl {
  /** Called with the bytes that have arrived and the bytes in total. */
  onProgress?: (sent: number, total: number) => void
  /** Aborts the upload. */
  signal?: AbortSignal
  fileName?: string
}

/** What a search finds; all criteria have to match. */
export interface Criteria {
  /** Each of these words is part of a word of title, description, file name or tags. */
  q?: string
  /** It has all of these tags. */
  tags?: string[]
  /** Its owner; "me" for your own. */
  owner?: string
  visibility?: 'public' | 'private'
  /** It looks like the image with this id, and is another one. */
  near?: string
  /** The hashes of the two differ in at most so many of 64 bits, up to 16. */
  nearDistance?: number
  /** "created", "title", "size" or "taken"; with "-" before it the greatest come first. */
  sort?: string
}

/** HTML that shows an image in the width that a browser needs. */
export interface Responsive {
  /** The value of the attribute, with negotiated formats. */
  srcset: string
  /** An `<img>` with that `srcset`. */
  img: string
  /** A `<picture>` with the addresses of each format. */
  picture: string
  /** When signed addresses expire; null if they are not signed. */
  expires: string | null
}

/** The account that a token is for. */
export interface Account {
  username: string
  is_admin: boolean
  created: string
  /** What it has stored and may store, 0 for no limit; null where there are no quotas. */
  quota: {
    pictures: number
    size_bytes: number
    max_pictures: number
    max_size_bytes: number
  } | null
}

/** An error answer of the server (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail ? `${title}: ${detail}` : title)
  }
}

// The server accepts any number of chunks of at least this size.
const CHUNK_BYTES = 4 * 1024 * 1024

type UploadSource = ConstructorParameters<typeof Upload>[0]

/** A client of one server. */
export class ProgImage {
  private readonly base: string
  /** Albums: create, read, change and share them. */
  readonly albums: Albums

  /**
   * @param baseUrl the address of the server, such as https://img.example.com
   * @param options.token an API key or access token
   */
  constructor(
    baseUrl: string,
    private readonly options: { token?: string } = {},
  ) {
    this.base = baseUrl.replace(/\/+$/, '')
    this.albums = new Albums((path, options) => this.send(path, options))
  }

  /** Return the address of the original, or of a rendition. */
  url(imageId: string, pipeline: Pipeline = new Pipeline()): string {
    return this.base + pipeline.path(imageId)
  }

  /**
   * Return the address of the image that has an external id at present, or of a rendition.
   *
   * @param owner the account; "" for images without an owner
   */
  externalUrl(owner: string, externalId: string, pipeline: Pipeline = new Pipeline()): string {
    const steps = pipeline.toString().replace(/^\./, 'format:')
    const path = `/external/${owner || '_'}/${encodeURIComponent(externalId)}`
    return this.base + path + (steps && `/${encodeURI(steps)}`)
  }

  /**
   * Return the value of the HTML attribute `srcset` for some widths.
   *
   * @param image its record, or its id and width; wider renditions are left out
   * @param widths pixels; those above the width of the image become its own width
   * @param pipeline steps before the resize, which must not change the width
   * @param format with "auto" the server takes the best one that the browser accepts
   */
  srcset(
    image: Pick<ImageRecord, 'id' | 'width'>,
    widths: readonly number[],
    pipeline: Pipeline = new Pipeline(),
    format = 'auto',
  ): string {
    const wanted = [...new Set(widths.map((width) => Math.min(width, image.width)))]
    if (!wanted.length || wanted.some((width) => width < 1)) {
      throw new TypeError('srcset: expected a list of widths of at least 1 pixel')
    }
    return wanted
      .sort((a, b) => a - b)
      .map((width) => {
        const resized = pipeline.resize({ width }).toFormat(format)
        return `${this.url(image.id, resized)} ${width}w`
      })
      .join(', ')
  }

  /** Return the record of an image; throws `Problem` if there is none. */
  async get(imageId: string): Promise<ImageRecord> {
    const path = `${new Pipeline().path(imageId)}metadata/`
    return (await this.send(path)).document as ImageRecord
  }

  /** Return the account that the token is for, with what it has stored and may store. */
  async account(): Promise<Account> {
    return (await this.send('/users/me/')).document as Account
  }

  /** Yield the images that match, by default the newest first; pages are fetched when needed. */
  async *search(criteria: Criteria = {}): AsyncGenerator<ImageRecord> {
    const { tags, nearDistance, ...others } = criteria
    const query = new URLSearchParams({ limit: '200' })
    for (const [name, value] of Object.entries(others)) if (value) query.set(name, value)
    for (const tag of tags ?? []) query.append('tags_all', tag)
    if (nearDistance !== undefined) query.set('near_distance', String(nearDistance))
    yield* pages<ImageRecord>((path) => this.send(path), `/images/?${query}`)
  }

  /**
   * Return HTML for several widths, written by the server, which signs addresses of private images.
   *
   * @param options.widths pixels; by default the usual ones up to the width of the image
   * @param options.pipeline steps before the resize
   * @param options.sizes the HTML attribute `sizes`
   */
  async responsive(
    imageId: string,
    options: { widths?: readonly number[]; pipeline?: Pipeline; sizes?: string } = {},
  ): Promise<Responsive> {
    const query = new URLSearchParams({ format: 'json' })
    if (options.widths) query.set('widths', options.widths.join(','))
    if (options.pipeline) query.set('pipeline', String(options.pipeline))
    if (options.sizes) query.set('sizes', options.sizes)
    return (await this.send(`${new Pipeline().path(imageId)}srcset?${query}`)).document as Responsive
  }

  /**
   * Upload an image by tus and return its record. A broken connection is resumed.
   *
   * @param file a File or Blob, or bytes
   */
  async upload(
    file: Blob | Uint8Array,
    fields: UploadFields = {},
    control: UploadControl = {},
  ): Promise<ImageRecord> {
    const { tags, ...others } = fields
    const name = control.fileName ?? ('name' in file ? String(file.name) : '')
    const metadata: Record<string, string> = { ...others }
    if (name) metadata['filename'] = name
    if (tags) metadata['tags'] = tags.join(',')
    const location = await this.sendFile(await sourceOf(file), metadata, control)
    const match = /\/images\/([0-9a-f]{64})\/?$/.exec(new URL(location, this.base).pathname)
    if (!match?.[1]) throw new Error('the upload is complete, but the server names no image')
    return this.get(match[1])
  }

  private async sendFile(
    file: UploadSource,
    metadata: Record<string, string>,
    control: UploadControl,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const options: UploadOptions = {
        endpoint: `${this.base}/uploads/`,
        chunkSize: CHUNK_BYTES,
        retryDelays: [250, 500, 1000, 2000, 4000],
        metadata,
        headers: this.headers(),
        onError: (error) => reject(problemOf(error)),
        onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader('Location') ?? ''),
      }
      if (control.onProgress) options.onProgress = control.onProgress
      const upload = new Upload(file, options)
      const abort = () => {
        void upload.abort(true)
        reject(control.signal?.reason)
      }
      if (control.signal?.aborted) return abort()
      control.signal?.addEventListener('abort', abort, { once: true })
      upload.start()
    })
  }

  private async send(
    path: string,
    options: { method?: string; body?: unknown; etag?: string } = {},
  ): Promise<{ document: unknown; etag: string }> {
    const headers = this.headers()
    if (options.etag) headers['If-Match'] = options.etag
    const request: RequestInit = { headers, method: options.method ?? 'GET' }
    if (options.body !== undefined) {
      headers['Content-Type'] = 'application/json'
      request.body = JSON.stringify(options.body)
    }
    const response = await fetch(this.base + path, request)
    const text = await response.text()
    const document: unknown = text ? JSON.parse(text) : null
    if (!response.ok) throw toProblem(response.status, document)
    return { document, etag: response.headers.get('ETag') ?? '' }
  }

  private headers(): Record<string, string> {
    return this.options.token ? { Authorization: `Bearer ${this.options.token}` } : {}
  }
}

function toProblem(status: number, document: unknown): Problem {
  const { title, detail } = (document ?? {}) as { title?: unknown; detail?: unknown }
  return new Problem(status, String(title ?? `HTTP ${status}`), String(detail ?? ''))
}

/** Return the server's problem in an error of tus-js-client, or else that error. */
function problemOf(error: unknown): unknown {
  const response =
    typeof error === 'object' && error !== null && 'originalResponse' in error
      ? (error.originalResponse as { getStatus(): number; getBody(): string } | null)
      : null
  if (!response) return error
  try {
    return toProblem(response.getStatus(), JSON.parse(response.getBody()))
  } catch {
    return error
  }
}

interface Node {
  process?: { versions?: { node?: string } }
  Buffer?: { from(data: ArrayBuffer | Uint8Array): unknown }
}

/** Return what tus-js-client reads: a Buffer in Node, a Blob elsewhere. */
async function sourceOf(file: Blob | Uint8Array): Promise<UploadSource> {
  const { process, Buffer } = globalThis as Node
  if (process?.versions?.node && Buffer) {
    const data = file instanceof Blob ? await file.arrayBuffer() : file
    return Buffer.from(data) as UploadSource
  }
  return (file instanceof Blob ? file : new Blob([file as BlobPart])) as UploadSource
}
