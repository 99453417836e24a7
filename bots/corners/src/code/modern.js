// A module: its default export becomes the global that require names.
import { times } from "./times.js";

export default {
    triple: (n) => times(3, n),
    async later(n) {
        return await Promise.resolve(n);
    },
};
