// Published by Selfright; releases replace it. A hash of address and browser decides who gets the canary: it needs no
// cookie, a visitor always gets the same side, and no visitor leaves the canary while its weight rises.
const TABLE = {};

function handler(event) {
  const request = event.request;
  if (request.uri === '/.well-known/selfright/publication') {
    return respond(200, 'OK', 'application/json', JSON.stringify({publication: TABLE.publication}));
  }
  const revision = revisionFor(event);
  if (!revision) {
    return answer(503, 'Service Unavailable', 'Nothing has been released here yet.');
  }
  const path = cleanPath(request.uri);
  if (path === null) {
    return answer(400, 'Bad Request', 'This address is not valid.');
  }
  request.uri = target(path, request.uri.replace(/\/+/g, '/'), revision);
  return request;
}

function revisionFor(event) {
  if (!TABLE.canary) {
    return TABLE.stable;
  }
  const agent = event.request.headers['user-agent'];
  const visitor = TABLE.canary + ' ' + event.viewer.ip + ' ' + (agent ? agent.value : '');
  return bucket(visitor) < TABLE.weight * 100 ? TABLE.canary : TABLE.stable;
}

// 0..9999: FNV-1a with MurmurHash3's final mixing, which spreads addresses that differ in one digit.
function bucket(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.codePointAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % 10000;
}

// The decoded path with single slashes; null when no file can have such a path.
function cleanPath(uri) {
  let path;
  if (/%2f/i.test(uri)) {
    return null;
  }
  try {
    path = decodeURIComponent(uri).replace(/\/+/g, '/');
  } catch (error) {
    return null;
  }
  if (path.charAt(0) !== '/' || /[\\\x00-\x1f\x7f]/.test(path) || /\/\.{1,2}(\/|$)/.test(path)) {
    return null;
  }
  return path;
}

function target(path, uri, revision) {
  const shared = TABLE.hashed[revision] || [];
  if (shared.some(prefix => path.startsWith('/' + prefix))) {
    return uri;
  }
  const folder = '/revisions/' + revision;
  if (path === '/') {
    return folder + '/index.html';
  }
  const name = path.slice(path.lastIndexOf('/') + 1);
  const isPage = name.indexOf('.') === -1 || path === '/.index.json';
  return folder + (isPage ? TABLE.fallback : uri);
}

function answer(status, description, text) {
  const page = '<!doctype html><title>' + description + '</title><p>' + text + '</p>';
  const response = respond(status, description, 'text/html; charset=utf-8', page);
  response.headers['retry-after'] = {value: '30'};
  return response;
}

function respond(status, description, type, body) {
  return {
    statusCode: status,
    statusDescription: description,
    headers: {'content-type': {value: type}, 'cache-control': {value: 'no-store'}},
    body: body
  };
}
