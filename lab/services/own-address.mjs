// Loaded before a service (node --import): its connections to the lab's addresses come from the task's own address, as in a network of its own. So
// servers see which task connects, and the lab can cut the way of one service. HOST is set by the lab.
import net from "node:net";

const own = process.env.HOST;
const root = /^(127|10)\./.exec(own ?? "")?.[0];
const isLab = (host) => typeof host === "string" && host.startsWith(root);
const lacks = (options) => options && typeof options === "object" && options.localAddress === undefined && isLab(options.host);
// A copy: an HTTP agent names its sockets by these very options, and would never find one again whose options changed.
const owned = (options) => ({ ...options, localAddress: own });

if (root) {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    // net.connect hands on one array, already sorted: options, listener.
    if (Array.isArray(given[0]) && lacks(given[0][0])) given[0][0] = owned(given[0][0]);
    else if (lacks(given[0])) given[0] = owned(given[0]);
    return connect.apply(this, given);
  };
}
