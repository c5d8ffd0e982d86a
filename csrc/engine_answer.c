/* The answer, as libcurl's callbacks collect it. They touch nothing but their transfer.
 */
#include "engine_internal.h"
#include "text.h"
#include <string.h>

/* The headers that every call uses: the ids that support asks for, when to retry, the
 * server's clock, and a token that only a header holds. */
static const slice useful_names[] = {
    TEXT("content-type"),   TEXT("date"),         TEXT("retry-after"),
    TEXT("x-iam-trace-id"), TEXT("x-request-id"), TEXT("x-subject-token"),
};

static bool is_useful(slice name) {
  for (size_t i = 0; i < sizeof useful_names / sizeof *useful_names; i++)
    if (text_equals_lower(name, useful_names[i]))
      return true;
  return false;
}

/* A repeated header usually comes from a proxy: the first one counts. */
static bool already_kept(const transfer *t, slice lower) {
  size_t at = 0;
  while (at < t->kept.len) {
    slice name = {t->kept.data + at, strlen(t->kept.data + at)};
    if (text_equal(name, lower))
      return true;
    at += name.len + 1;
    at += strlen(t->kept.data + at) + 1;
  }
  return false;
}

/* What stands before the line's end, without the blanks around it. */
static slice value_in(const char *at, const char *end) {
  while (end > at && (end[-1] == '\r' || end[-1] == '\n'))
    end--;
  return text_trim((slice){at, (size_t)(end - at)});
}

static void put_value(transfer *t, slice value) {
  buffer_append_slice(&t->kept, value);
  buffer_append_byte(&t->kept, '\0');
}

/* False: memory is short. No ceiling is reached: what is kept of a line is no longer than
 * the line, and the head as a whole is limited. */
static bool keep_header(transfer *t, const char *line, size_t len) {
  const char *colon = memchr(line, ':', len);
  t->kept_last = false;
  if (!colon || (!t->keeps_all && !is_useful((slice){line, (size_t)(colon - line)})))
    return true;
  slice name = {line, (size_t)(colon - line)};
  slice value = value_in(colon + 1, line + len);
  char *lower = buffer_reserve(&t->kept, name.len + 1 + value.len + 1);
  if (!lower)
    return false;
  /* Whole, or not at all: what is kept is read by its NULs. */
  if (!text_lower_token(name, lower) || memchr(value.data, '\0', value.len) ||
      (!t->keeps_all && already_kept(t, (slice){lower, name.len})))
    return true;
  t->kept.len += name.len;
  buffer_append_byte(&t->kept, '\0');
  put_value(t, value);
  t->kept_count++;
  t->kept_last = true;
  return true;
}

/* A line that begins with a blank goes on with the value of the one before. */
static bool extend_header(transfer *t, const char *line, size_t len) {
  slice value = value_in(line, line + len);
  if (!t->kept_last || memchr(value.data, '\0', value.len))
    return true;
  if (!buffer_reserve(&t->kept, 1 + value.len))
    return false;
  t->kept.data[t->kept.len - 1] = ' ';
  put_value(t, value);
  return true;
}

/* Trailers come here too, and are no part of the head. */
static bool take_line(transfer *t, const char *line, size_t len) {
  if (t->head_ended || len == 0)
    return true;
  return text_is_blank(*line) ? extend_header(t, line, len) : keep_header(t, line, len);
}

/* --- the first header -------------------------------------------------------------- */

/* From 7.83 to 8.0 libcurl keeps a pointer to a header of the last answer in the handle,
 * after it has freed that, and follows it when the next answer's first header begins with
 * a blank. With CURLOPT_HEADER libcurl hands a line to the callback of the body before it
 * looks at it itself, and there such a line ends the transfer. The option is on for that
 * line alone. A handle for each request would take 25,000 instructions more. */
bool transfer_needs_preview(void) {
  unsigned number = curl_version_info(CURLVERSION_NOW)->version_num;
  return number >= 0x075300 && number < 0x080100;
}

static bool begin_preview(transfer *t) {
  if (!t->owner->previews_headers)
    return true;
  t->preview = PREVIEW_LINE;
  return curl_easy_setopt(t->easy, CURLOPT_HEADER, 1L) == CURLE_OK;
}

bool transfer_end_preview(transfer *t) {
  if (t->preview == PREVIEW_NONE)
    return true;
  t->preview = PREVIEW_NONE;
  return curl_easy_setopt(t->easy, CURLOPT_HEADER, 0L) == CURLE_OK;
}

/* A long line comes in parts. */
static size_t preview_line(transfer *t, const char *bytes, size_t len) {
  t->folded = t->preview == PREVIEW_LINE && text_is_blank(*bytes);
  t->preview = PREVIEW_REST;
  return t->folded ? 0 : len;
}

/* --- what libcurl calls ------------------------------------------------------------ */

/* What an interim 1xx says is void. After 101 no other head comes. */
static void end_head(transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  engine_tls_note(t);
  if (status / 100 != 1 || status == 101) {
    t->head_ended = true;
    return;
  }
  buffer_clear(&t->kept);
  t->kept_count = 0;
  t->kept_last = false;
  t->awaits_status = true;
}

static bool is_end_of_head(const char *line, size_t len) {
  return (len == 2 && line[0] == '\r' && line[1] == '\n') || (len == 1 && *line == '\n');
}

size_t transfer_on_header(char *line, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  t->head_bytes += len;
  if (t->head_bytes > t->max_head) {
    t->over_limit = true;
    return 0;
  }
  bool previewed = t->awaits_status ? begin_preview(t) : transfer_end_preview(t);
  t->awaits_status = false;
  if (!previewed)
    return 0;
  if (is_end_of_head(line, len)) {
    end_head(t);
  } else if (!take_line(t, line, len)) {
    t->no_memory = true;
    return 0;
  }
  return len;
}

size_t transfer_on_body(char *bytes, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  if (t->preview != PREVIEW_NONE)
    return preview_line(t, bytes, len);
  if (len > t->body.max - t->body.len) {
    t->over_limit = true;
    return 0;
  }
  t->no_memory = !buffer_append(&t->body, bytes, len);
  return t->no_memory ? 0 : len;
}

void transfer_finish(transfer *t, CURLcode code) {
  engine_result *result = &t->result;
  transfer_judge(t, code);
  if (result->outcome != ENGINE_ANSWERED)
    return;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &result->status);
  result->body = buffer_slice(&t->body);
  result->headers = t->kept.data;
  result->header_count = t->kept_count;
}
