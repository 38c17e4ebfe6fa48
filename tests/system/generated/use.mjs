// Uses the TypeScript client that openapi-generator wrote: use.mjs ADDRESS JPEG PNG; prints JSON.
import { readFileSync } from 'node:fs'

import * as api from './dist/index.js'

const [address, jpegFile, pngFile] = process.argv.slice(2)
const [jpeg, png] = [readFileSync(jpegFile), readFileSync(pngFile)]
const configuration = new api.Configuration({ basePath: address })
const pictures = new api.PicturesApi(configuration)
const renditions = new api.RenditionsApi(configuration)
const uploads = new api.UploadsApi(configuration)
const text = async (blob) => Buffer.from(await blob.arrayBuffer()).toString('base64')

const form = await pictures.postImages({
  image: [new File([jpeg], 'a.jpg')], title: 'Nöise', tags: ['one', 'two words'],
})
const both = await pictures.postImages({ image: [new Blob([jpeg]), new Blob([png])] })
const body = await pictures.postPicture({
  uploadJson: { data: png.toString('base64'), title: 'From JSON' },
})
const slot = await uploads.postUploads({ uploadRequest: { title: 'Raw', tags: ['one'] } })
const raw = await uploads.putUpload({ uploadId: slot.id, body: new Blob([png]) })
await pictures.patchMetadata({ imageId: raw.id, ifMatch: '*', pictureFields: { title: 'Edited' } })
const missing = await pictures.getMetadata({ imageId: '0'.repeat(64) }).catch(
  async ({ response }) => [response.status, (await response.json()).title],
)
const rendition = async (path, args) =>
  text(await renditions.getRendition({ imageId: form.id, path, arguments: args }))

console.log(JSON.stringify({
  form: { id: form.id, title: form.title, tags: form.tags },
  both: both.images.map((picture) => picture.id),
  json: body.id,
  raw: { id: raw.id, title: raw.title },
  edited: (await pictures.getMetadata({ imageId: raw.id })).title,
  listed: (await pictures.getImages({ tag: 'one' })).data.map((picture) => picture.id),
  original: await text(await pictures.getOriginal({ imageId: form.id })),
  steps: await rendition('grayscale/resize:width=20,height=30.png'),
  arguments: await rendition('resize', { width: 25 }),
  converted: await text(await renditions.getConverted({ imageId: form.id, extension: 'webp' })),
  srcset: (await renditions.getSrcset({ imageId: form.id, widths: '10,20' })).images.map((i) => i.width),
  on_demand: await text(
    await renditions.postOnDemand({ path: 'resize:width=15.png', image: [new Blob([jpeg])] }),
  ),
  missing,
}))
