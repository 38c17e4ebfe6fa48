// Uses the compiled client: node use.mjs <address> <file>; prints JSON.
import { readFileSync } from 'node:fs'

import { Pipeline, Problem, ProgImage } from './dist/index.js'
import { imageLoader } from './dist/next.js'
import { getImage } from './dist/nuxt.js'

const [address, path] = process.argv.slice(2)
const client = new ProgImage(address)
const progress = []
const image = await client.upload(
  readFileSync(path),
  { title: 'Noïse', tags: ['one', 'two'] },
  { fileName: 'noise.png', onProgress: (sent, total) => progress.push([sent, total]) },
)
const blob = await client.upload(new Blob([readFileSync(path)]))
await client.upload(readFileSync(path), { external_id: 'products/42 ü', on_known: 'merge' })
const problem = await client.upload(new Uint8Array([1, 2, 3])).catch((error) => error)
const missing = await client.get('0'.repeat(64)).catch((error) => error)
const invalid = [
  () => new Pipeline().tint({ colour: 'red/blur:9' }),
  () => new Pipeline().path('../tags'),
  () => client.srcset(image, []),
].map((call) => {
  try {
    return call()
  } catch (error) {
    return error.name
  }
})
const text = new Pipeline().watermark({ text: 'Übung, 50% / ~', opacity: 0.5 }).resize({ width: 30 })
const urls = {
  original: client.url(image.id),
  external: client.externalUrl('', 'products/42 ü', new Pipeline().resize({ width: 25 }).png()),
  conversion: client.url(image.id, new Pipeline().jpeg()),
  text: client.url(image.id, text.jpeg()),
  image: client.url(image.id, new Pipeline().watermark({ image }).resize({ width: 20 }).png()),
  next: imageLoader(address)({ src: image.id, width: 40, quality: 70 }),
  nuxt: getImage(image.id, {
    modifiers: { width: 50, height: 20, fit: 'cover', format: 'webp' },
    baseURL: address,
  }).url,
}

async function all(found) {
  const items = []
  for await (const item of found) items.push(item)
  return items
}

const photo = await client.upload(readFileSync('photo.jpg'))
const smaller = client.url(photo.id, new Pipeline().resize({ width: 200 }).png())
const twin = await client.upload(await (await fetch(smaller)).blob(), { tags: ['two'] })
const made = await client.albums.create({ title: 'Harbours', images: [image.id] })
const added = await client.albums.change(made.id, {
  add: [twin.id, '0'.repeat(64)],
  before: image.id,
})
const edited = await client.albums.edit(made.id, {
  title: 'Ports',
  description: 'At dusk',
  cover: image.id,
})
const order = (await all(client.albums.images(made.id))).map((found) => found.id)
const listed = (await all(client.albums.list())).map((album) => album.id)
const read = await client.albums.get(made.id)
const noKey = await client.albums.link(made.id).catch((error) => error)
await client.albums.delete(made.id)
const gone = await client.albums.get(made.id).catch((error) => error)
const near = await all(client.search({ near: photo.id, nearDistance: 10, sort: 'created' }))
const tagged = await all(client.search({ tags: ['one', 'two'] }))
const results = {
  album: {
    ids: [image.id, twin.id],
    added: added.map((found) => found.status),
    edited,
    read,
    order,
    isListed: listed.includes(made.id),
    noKey: [noKey instanceof Problem, noKey.status],
    gone: gone.status,
  },
  twin: twin.id,
  near: near.map((found) => found.id),
  tagged: tagged.map((found) => found.id),
  image,
  blob: blob.id,
  progress,
  problem: [problem instanceof Problem, problem.status],
  missing: [missing instanceof Problem, missing.status],
  invalid,
  urls,
  responsive: await client.responsive(image.id, {
    widths: [20, 40],
    pipeline: new Pipeline().grayscale(),
    sizes: '50vw',
  }),
  srcset: client.srcset(image, [60, 30, 99999], new Pipeline().grayscale(), 'png'),
}
process.stdout.write(JSON.stringify(results), () => process.exit())
