// Published by Selfright; releases replace it.
// A hash of address and browser decides who gets the canary: it needs no cookie, a visitor always gets the same side,
// and no visitor leaves the canary while its weight rises.
const TABLE = {};
// The patterns of hashes.py.
const NAMES = {};

function handler(event) {
  if (event.response) {
    return told(event.response, event.request);
  }
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
  const site = TABLE.sites[revision] || {};
  const move = moved(site.rules || [], path);
  if (move) {
    return redirect({headers: {}}, move[1], move[0], request);
  }
  request.uri = target(path, site, revision);
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

// S3 reads a plus as a space, so every path is encoded anew.
function encode(path) {
  return path.split('/').map(encodeURIComponent).join('/');
}

function target(path, site, revision) {
  const shared = TABLE.hashed[revision];
  if (shared ? shared.some(prefix => path.startsWith('/' + prefix)) : isHashed(path)) {
    return encode(path);
  }
  const folder = '/revisions/' + revision;
  if (/^\/(\.index\.json|\.404\.html|_headers|_redirects)$/.test(path)) {
    return folder + '/.404.html';
  }
  const name = path.slice(path.lastIndexOf('/') + 1);
  const isView = site.application && name.indexOf('.') === -1 && path !== '/' && !path.startsWith('/.well-known/');
  if (isView && (site.known || []).indexOf(path) === -1) {
    return folder + encode(site.application);
  }
  return folder + encode(name ? path : path + 'index.html');
}

// Whether the file's name carries a hash of its contents: then all revisions share it.
function isHashed(path) {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name.length > 255 || NAMES.never.test(path)) {
    return false;
  }
  const bare = name.replace(NAMES.packed, '');
  const first = NAMES.document.test(bare) ? '?' : NAMES.built.test(path) ? '/' : '';
  const last = NAMES.code.test(bare) ? '!' : '';
  return NAMES.build.test(path) || NAMES.hash.test(first + bare.replace(NAMES.suffix, '') + last);
}

// The status and the address of the first rule for this path.
function moved(rules, path) {
  const parts = path.split('/');
  for (let i = 0; i < rules.length; i++) {
    const values = match(rules[i][0].split('/'), parts);
    if (values) {
      return [rules[i][2], rules[i][1].replace(/:([A-Za-z]\w*)/g, (all, name) => encode(values[name]))];
    }
  }
  return null;
}

function match(wanted, parts) {
  const values = {};
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '*') {
      values.splat = parts.slice(i).join('/');
      return values;
    }
    if (wanted[i].charAt(0) === ':' && parts[i]) {
      values[wanted[i].slice(1)] = parts[i];
    } else if (wanted[i] !== parts[i]) {
      return null;
    }
  }
  return parts.slice(wanted.length).join('') ? null : values;
}

// What staging wrote into the object's metadata: another status, an address to go to, more headers.
function told(response, request) {
  const metadata = response.headers['x-amz-meta-selfright'];
  if (!metadata) {
    return response;
  }
  delete response.headers['x-amz-meta-selfright'];
  const says = JSON.parse(metadata.value);
  Object.keys(says.headers || {}).forEach(name => response.headers[name] = {value: says.headers[name]});
  if (says.location) {
    return redirect(response, says.location, says.status, request);
  }
  if (says.status) {
    response.statusCode = says.status;
    response.statusDescription = 'Not Found';
  }
  return response;
}

// No half of a character may reach encodeURIComponent, which would throw.
function redirect(response, to, status, request) {
  const query = Object.keys(request.querystring || {}).map(name => {
    const field = request.querystring[name];
    return (field.multiValue || [field]).map(one => one.value ? name + '=' + one.value : name).join('&');
  }).join('&').replace(/[\ud800-\udbff][\udc00-\udfff]|[^!$&'()*+,\-.\/0-9:;=?@A-Z_a-z~%\ud800-\udfff]/g, encodeURIComponent)
    .replace(/[\ud800-\udfff]/g, '%EF%BF%BD');
  response.statusCode = status;
  response.statusDescription = 'Moved';
  const more = query && !/^[^#]*\?/.test(to) ? '?' + query : '';
  response.headers.location = {value: to.replace(/#|$/, end => more + end)};
  response.headers['cache-control'] = {value: 'public, max-age=0, must-revalidate'};
  return response;
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
