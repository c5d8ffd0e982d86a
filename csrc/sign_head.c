#include "sign_head.h"
#include "text.h"

static const slice version = TEXT(" HTTP/1.1\r\n"), host = TEXT("Host"),
                   colon = TEXT(": "), line_end = TEXT("\r\n");

static size_t line_length(slice name, slice value) {
  return name.len + colon.len + value.len + line_end.len;
}

static size_t lines_length(const pair *headers, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++)
    length += line_length(headers[i].name, headers[i].value);
  return length;
}

static size_t length_of(const sign_head *head) {
  const sign_request *request = head->request;
  return head->target.len + version.len + line_length(host, request->host) +
         lines_length(request->headers, request->header_count) +
         lines_length(head->added, head->added_count);
}

static char *put_line(char *at, slice name, slice value) {
  at = text_put(text_put(at, name), colon);
  return text_put(text_put(at, value), line_end);
}

/* HTTP wants Host before all others, whoever adds it. */
bool sign_head_append(buffer *out, const sign_head *head) {
  const sign_request *request = head->request;
  char *start = buffer_reserve(out, length_of(head));
  if (!start)
    return false;
  char *at = text_put(text_put(start, head->target), version);
  at = put_line(at, host, request->host);
  for (size_t i = 0; i < request->header_count; i++)
    at = put_line(at, request->headers[i].name, request->headers[i].value);
  for (size_t i = 0; i < head->added_count; i++)
    if (head->added[i].value.data != request->host.data)
      at = put_line(at, head->added[i].name, head->added[i].value);
  out->len += (size_t)(at - start);
  return true;
}
