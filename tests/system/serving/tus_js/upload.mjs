// Sends a file with tus-js-client: node upload.mjs <endpoint> <file> <options as JSON>
import { createReadStream, readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { Upload } from 'tus-js-client'

const [endpoint, path, json] = process.argv.slice(2)
const options = JSON.parse(json)
// Of a stream from a file the client would look up the length.
const file = options.uploadLengthDeferred
  ? createReadStream(path).pipe(new PassThrough())
  : readFileSync(path)

const upload = new Upload(file, {
  endpoint,
  retryDelays: Array(1000).fill(50),
  metadata: { filename: 'noise.png', title: 'Noïse', tags: 'one,two' },
  ...options,
  onError(error) {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess() {
    // Node would wait for the connections that were cut while it was sending.
    process.stdout.write(JSON.stringify({ url: upload.url }), () => process.exit())
  },
})
upload.start()
