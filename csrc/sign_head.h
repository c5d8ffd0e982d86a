/* The head of a request as HTTP/1.1 writes it, for a transport other than libcurl: what
 * follows the method, that is target, version and headers, without the empty line. */
#ifndef AOM_SIGN_HEAD_H
#define AOM_SIGN_HEAD_H

#include "sign.h"

#pragma GCC visibility push(hidden)

/* Signs the request and appends its head. Keeps nothing in `out` that holds a token. */
sign_status sign_head_write(signer *s, const sign_request *request, sign_output *out,
                            buffer *head);

/* Appends the head of a request that nobody signs. The target is encoded, and nothing in
 * the request holds a control byte. As buffer_append. */
bool sign_head_append(buffer *head, slice target, const sign_request *request);

#pragma GCC visibility pop

#endif
