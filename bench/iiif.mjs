// iiif-processor over a folder, as its README shows.
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Processor } from "iiif-processor";

const [dir, port] = process.argv.slice(2);

createServer(async (request, response) => {
  try {
    const url = `http://${request.headers.host}${request.url}`;
    const processor = new Processor(url, async ({ id }) =>
      createReadStream(join(dir, decodeURIComponent(id))));
    const result = await processor.execute();
    response.writeHead(result.statusCode ?? 200, { "Content-Type": result.contentType });
    response.end(result.body);
  } catch (error) {
    response.writeHead(error.statusCode ?? 500);
    response.end(String(error));
  }
}).listen(Number(port), "127.0.0.1");
