import { createServer } from "node:http";
import { listen } from "./listen.mjs";

/** The ceiling: the bytes of an answer from memory, for any question. BYTES is the length of a real answer. */
const body = Buffer.alloc(Number(process.env.BYTES), "x");
listen(
  createServer((request, reply) => {
    request.on("data", () => undefined);
    request.on("end", () => {
      reply.writeHead(200, { "content-type": "application/json" });
      reply.end(body);
    });
  }),
);
