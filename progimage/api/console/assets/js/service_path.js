// The path prefix of the service, "" without one: this module is at <prefix>/console/js/.

export const servicePath = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
