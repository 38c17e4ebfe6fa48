// ipx over a folder, as its README starts it, with the encoder's settings made equal.
import { createServer } from "node:http";
import { createIPX, createIPXNodeServer, ipxFSStorage } from "ipx";

const [dir, port, progressive] = process.argv.slice(2);
const ipx = createIPX({
  storage: ipxFSStorage({ dir }),
  sharpOptions: { jpegProgressive: progressive === "progressive" },
});
createServer(createIPXNodeServer(ipx)).listen(Number(port), "127.0.0.1");
