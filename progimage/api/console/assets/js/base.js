// The path prefix of the service, "" without one: this module is at <prefix>/console/js/.

export const base = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
