// Answers for what a site does not have: 404, with the page that the revision has for that. No release changes it.
function handler(event) {
  const response = event.response;
  if (response) {
    delete response.headers['x-amz-meta-selfright'];
    if (response.statusCode === 200) {
      response.statusCode = 404;
      response.statusDescription = 'Not Found';
    }
    return response;
  }
  const folder = /^\/revisions\/[^\/]+\//.exec(event.request.uri);
  if (folder) {
    // A part of the page, or that it is as it was, would be no 404: the whole page is asked for.
    ['range', 'if-range', 'if-none-match', 'if-modified-since'].forEach(name => delete event.request.headers[name]);
    event.request.uri = folder[0] + '.404.html';
    return event.request;
  }
  return {
    statusCode: 404,
    statusDescription: 'Not Found',
    headers: {'content-type': {value: 'text/plain'}, 'cache-control': {value: 'no-store'}},
    body: 'Not Found'
  };
}
