// A client made of socket.io-client 2 or 4, led over standard input; see ../driver_test.go for the
// commands and the events it prints.

import { createInterface } from "node:readline";

const options = JSON.parse(process.argv[2]);
const library = await import(options.version === 2 ? "socket.io-client-2" : "socket.io-client");
const io = library.io ?? library.default;
const print = (event) => process.stdout.write(JSON.stringify(event) + "\n");
let client;

const commands = {
  connect: () => {
    client = io(options.url, {
      path: "/" + options.path,
      transports: options.transports,
      query: { key: options.sessions[0] },
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 300,
    });
    client.on("connect", () => print({ event: "connected" }));
    client.on("disconnect", () => print({ event: "disconnected" }));
    for (const name of ["error", "connect_error"]) {
      client.on(name, (error) => print({ event: "error", message: String(error.message ?? error) }));
    }
    for (const name of ["chatMessageCreated", "showTypingIndicator", "chatMessageRead", "operatorChanged", "sessionClosed"]) {
      client.on(name + "Emit", (data) => print({ event: "received", message: name + "Emit", data }));
    }
  },
  emit: ({ method, data }) => client.emit(method, data, (answer) => print({ event: "reply", data: answer })),
  disconnect: () => client.disconnect(),
  die: () => process.exit(),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit());
