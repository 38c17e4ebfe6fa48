/** Sends a request and returns the document of the answer. */
export type Send = (
  path: string,
  options?: { method?: string; body?: unknown; etag?: string },
) => Promise<{ document: unknown; etag: string }>

/** An album as it was when it was read. */
export interface Album {
  id: string
  owner: string
  /** Counts the changes; only for its owner. */
  revision?: number
  title: string
  description: string
  visibility: 'public' | 'private'
  /** The id of the image that stands for it. */
  cover: string | null
  /** Its images, also those that are deleted; only for its owner. */
  count?: number
}

export interface AlbumFields {
  title?: string
  description?: string
  visibility?: 'public' | 'private'
  /** The id of one of its images; null for the first. */
  cover?: string | null
  /** The ids of all its images, in order. */
  images?: string[]
}

/** An image of an album. By a signed link, a private image has only the fields named here. */
export interface AlbumImage {
  id: string
  title: string
  alt: string
  media_type: string
  width: number
  height: number
}

/** An image that was to be added to an album. */
export interface AlbumResult {
  id: string
  /** As of a single request: 200 if it is in the album. */
  status: number
  detail?: string
}

/** A page of a list. */
interface Page {
  data: unknown[]
  next: string | null
}

const EDIT_TRIES = 5

/** The albums of a server. */
export class Albums {
  constructor(private readonly send: Send) {}

  /** Yield your albums, the newest first. */
  async *list(): AsyncGenerator<Album> {
    yield* pages<Album>(this.send, '/albums/?limit=100')
  }

  /** Return an album; throws `Problem` if there is none. */
  async get(albumId: string): Promise<Album> {
    return (await this.send(path(albumId))).document as Album
  }

  /** Create an album and return it. */
  async create(fields: AlbumFields & { title: string }): Promise<Album> {
    return (await this.send('/albums/', { method: 'POST', body: fields })).document as Album
  }

  /** Change the given fields, on top of edits by others; return the album. */
  async edit(albumId: string, fields: AlbumFields): Promise<Album> {
    for (let attempt = 1; ; attempt++) {
      const { etag } = await this.send(path(albumId))
      try {
        const answer = await this.send(path(albumId), { method: 'PATCH', body: fields, etag })
        return answer.document as Album
      } catch (error) {
        const isChanged = (error as { status?: number }).status === 412
        if (!isChanged || attempt === EDIT_TRIES) throw error
      }
    }
  }

  /** Delete an album; its images stay. */
  async delete(albumId: string): Promise<void> {
    await this.send(path(albumId), { method: 'DELETE' })
  }

  /** Yield the images of an album, in order. */
  async *images(albumId: string): AsyncGenerator<AlbumImage> {
    yield* pages<AlbumImage>(this.send, `${path(albumId)}images/?limit=200`)
  }

  /**
   * Add images to an album, move them in it, and remove others; up to 1,000 of each.
   *
   * @param change.before add in front of the image with this id; by default at the end
   * @returns a result for each image that was to be added
   */
  async change(
    albumId: string,
    change: { add?: string[]; remove?: string[]; before?: string },
  ): Promise<AlbumResult[]> {
    const answer = await this.send(`${path(albumId)}images/`, { method: 'PATCH', body: change })
    return (answer.document as { images: AlbumResult[] }).images
  }

  /** Return a signed address that shows an album to everybody for some seconds. */
  async link(albumId: string, expiresIn = 3600): Promise<{ url: string; expires: string }> {
    const body = { expires_in: expiresIn }
    const answer = await this.send(`${path(albumId)}links/`, { method: 'POST', body })
    return answer.document as { url: string; expires: string }
  }
}

/** Yield the items of a list, page by page. */
export async function* pages<Item>(send: Send, first: string): AsyncGenerator<Item> {
  for (let next: string | null = first; next; ) {
    const page = (await send(next)).document as Page
    yield* page.data as Item[]
    // Only the query: the server may write the path with the prefix of a proxy.
    next = page.next && `${first.split('?')[0]}?${page.next.split('?')[1] ?? ''}`
  }
}

function path(albumId: string): string {
  return `/albums/${encodeURIComponent(albumId)}/`
}
