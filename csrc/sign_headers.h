/* The headers of one request as signing sees them: names in lower case, values
 * trimmed, in byte order of the names, each once, and marked as signed or not. */
#ifndef AOM_SIGN_HEADERS_H
#define AOM_SIGN_HEADERS_H

#include "sign.h"
#include "sign_digest.h"

#pragma GCC visibility push(hidden)

/* What signing has to know about some headers. */
typedef enum header_kind {
  HEADER_OTHER,
  HEADER_NEVER,    /* Authorization: what signing makes cannot be signed */
  HEADER_UNSTABLE, /* proxies may change it: signed only when asked for */
  HEADER_HOST,
  HEADER_DATE,
  HEADER_TOKEN,
  HEADER_CONTENT_TYPE,
  HEADER_CONTENT_SHA256,
  HEADER_CONTENT_SM3,
  HEADER_KIND_COUNT
} header_kind;

typedef struct header {
  slice name; /* into header_set.names, or static */
  slice value;
  header_kind kind;
  bool is_signed;
} header;

/* Zero bytes are an empty set. Filling it again keeps its memory. */
typedef struct header_set {
  header *items; /* owned */
  size_t count;
  size_t cap;
  buffer names;
  slice special[HEADER_KIND_COUNT]; /* value by kind; data is NULL: not there */
  unsigned long series;             /* of the request that filled it; 0: of none */
  sign_additions adds;
} header_set;

/* Takes what the request gives, adds Host, X-Sdk-Date, X-Security-Token and the
 * content header where they are missing and belong, and notes which it added. The
 * request has to outlive the set, unless it is never asked for one of its series. */
sign_status header_set_fill(header_set *set, const sign_request *request, slice token,
                            digest_kind digest);

void header_set_free(header_set *set);

#pragma GCC visibility pop

#endif
