#include "sign_head.h"
#include "text.h"

static void append_line(buffer *head, slice name, slice value) {
  buffer_append_slice(head, name);
  buffer_append_text(head, ": ");
  buffer_append_slice(head, value);
  buffer_append_text(head, "\r\n");
}

/* HTTP wants Host before all others, whoever adds it. */
bool sign_head_append(buffer *head, slice target, const sign_request *request) {
  buffer_append_slice(head, target);
  buffer_append_text(head, " HTTP/1.1\r\n");
  append_line(head, (slice)TEXT("Host"), request->host);
  for (size_t i = 0; i < request->header_count; i++)
    append_line(head, request->headers[i].name, request->headers[i].value);
  return !head->failed;
}

sign_status sign_head_write(signer *s, const sign_request *request, sign_output *out,
                            buffer *head) {
  pair added[SIGN_ADDED_HEADERS];
  sign_status status = signer_sign(s, request, out);
  buffer_clear(&out->canonical);
  if (status != SIGN_OK)
    return status;
  sign_head_append(head, buffer_slice(&out->target), request);
  size_t count = signer_added_headers(s, request, out, added);
  for (size_t i = 0; i < count; i++)
    if (added[i].value.data != request->host.data)
      append_line(head, added[i].name, added[i].value);
  return head->failed ? SIGN_NO_MEMORY : SIGN_OK;
}
