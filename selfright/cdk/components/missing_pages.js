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
