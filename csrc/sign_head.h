/* The head of a request as HTTP/1.1 writes it, for a transport other than libcurl. */
#ifndef AOM_SIGN_HEAD_H
#define AOM_SIGN_HEAD_H

#include "sign.h"

#pragma GCC visibility push(hidden)

/* What it is made of has been checked: nothing in it holds a control byte. */
typedef struct sign_head {
  slice target;                   /* encoded */
  const sign_request *request;    /* host and headers */
  pair added[SIGN_ADDED_HEADERS]; /* those of its signature */
  size_t added_count;
} sign_head;

/* Appends what follows the method: target, version and headers, without the empty line.
 * As buffer_append. */
bool sign_head_append(buffer *out, const sign_head *head);

#pragma GCC visibility pop

#endif
