/* The answer, as libcurl's callbacks collect it. They touch nothing but their transfer.
 */
#include "engine_internal.h"
#include "text.h"
#include <string.h>

/* The headers that callers use: the ids that support asks for, when to retry, the
 * server's clock, and a token that only a header holds. */
static const slice kept_names[] = {
    TEXT("content-type"),   TEXT("date"),         TEXT("retry-after"),
    TEXT("x-iam-trace-id"), TEXT("x-request-id"), TEXT("x-subject-token"),
};

static const slice *kept_name(slice name) {
  for (size_t i = 0; i < sizeof kept_names / sizeof *kept_names; i++)
    if (text_equals_lower(name, kept_names[i]))
      return &kept_names[i];
  return NULL;
}

/* A repeated header usually comes from a proxy: the first one counts. */
static bool already_kept(const transfer *t, const char *name) {
  size_t at = 0;
  while (at < t->kept.len) {
    if (strcmp(t->kept.data + at, name) == 0)
      return true;
    at += strlen(t->kept.data + at) + 1;
    at += strlen(t->kept.data + at) + 1;
  }
  return false;
}

static slice header_value(const char *colon, const char *end) {
  while (end > colon + 1 && (end[-1] == '\r' || end[-1] == '\n'))
    end--;
  return text_trim((slice){colon + 1, (size_t)(end - colon - 1)});
}

/* False: memory is short. */
static bool keep_header(transfer *t, const char *line, size_t len) {
  const char *colon = memchr(line, ':', len);
  if (!colon || t->kept_count == ENGINE_KEPT_HEADERS)
    return true;
  const slice *name = kept_name((slice){line, (size_t)(colon - line)});
  if (!name || already_kept(t, name->data))
    return true;
  slice value = header_value(colon, line + len);
  size_t room = name->len + 1 + value.len + 1;
  /* Whole, or not at all: what is kept is read by its NULs. */
  if (memchr(value.data, '\0', value.len) || room > t->kept.max - t->kept.len)
    return true;
  if (!buffer_reserve(&t->kept, room))
    return false;
  buffer_append_slice(&t->kept, *name);
  buffer_append_byte(&t->kept, '\0');
  buffer_append_slice(&t->kept, value);
  buffer_append_byte(&t->kept, '\0');
  t->kept_count++;
  return true;
}

size_t transfer_on_header(char *line, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  t->head_bytes += len;
  if (t->head_bytes > t->owner->max_head) {
    t->over_limit = true;
    return 0;
  }
  /* Trailers come here too, after the head has ended. */
  if (len > 0 && len <= 2 && line[len - 1] == '\n') {
    t->head_ended = true;
    engine_tls_note(t);
  }
  /* A status line opens each answer: what an interim 1xx said is void then. */
  if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
    buffer_clear(&t->kept);
    t->kept_count = 0;
    t->head_ended = false;
  } else if (!keep_header(t, line, len)) {
    t->no_memory = true;
    return 0;
  }
  return len;
}

size_t transfer_on_body(char *bytes, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  if (len > t->body.max - t->body.len) {
    t->over_limit = true;
    return 0;
  }
  t->no_memory = !buffer_append(&t->body, bytes, len);
  return t->no_memory ? 0 : len;
}

static slice next_text(const char **at) {
  slice text = {*at, strlen(*at)};
  *at += text.len + 1;
  return text;
}

void transfer_finish(transfer *t, CURLcode code) {
  engine_result *result = &t->result;
  transfer_judge(t, code);
  if (result->outcome != ENGINE_ANSWERED)
    return;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &result->status);
  result->body = buffer_slice(&t->body);
  const char *at = t->kept.data;
  for (size_t i = 0; i < t->kept_count; i++) {
    result->headers[i].name = next_text(&at);
    result->headers[i].value = next_text(&at);
  }
  result->header_count = t->kept_count;
}
