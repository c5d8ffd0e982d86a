/* Percent-encoding as the signature demands it (RFC 3986 unreserved bytes stay,
 * every other byte becomes %XX in upper case, a blank is %20), and the request
 * target made with it. The same text goes on the wire and into the signature,
 * so it is encoded exactly once, here. Everything fails only as buffers do. */
#ifndef AOM_URI_H
#define AOM_URI_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

/* Whether nothing in `text` would be encoded. */
bool uri_is_unreserved(slice text);

/* `path` is decoded: it is cut at every '/', the pieces are encoded. The result
 * starts with '/' even where the path does not, so that it can never run into
 * the host in a URL. */
bool uri_append_path(buffer *out, slice path);

/* Sorts `pairs` in place, by decoded name and then decoded value, as bytes;
 * writes name=value joined by '&'. A pair without a value still gets its '='. */
bool uri_append_query(buffer *out, pair *pairs, size_t count);

/* The whole target: path, and a query where there is one. */
bool uri_append_target(buffer *out, slice path, pair *query, size_t count);

#pragma GCC visibility pop

#endif
