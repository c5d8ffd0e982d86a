/* Throws bytes at what collects an answer: the lines of its head and the pieces of its
 * body, as libcurl's callbacks get them. The first byte says how long the pieces of the
 * body are and whether all headers are kept; an empty line ends the head. */
#include "engine_internal.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_HEAD = 2000, MAX_BODY = 1000 };

static void check(bool holds) {
  if (!holds)
    abort();
}

/* Names and values by turns, each with its NUL; names have no capitals. */
static void check_kept(const transfer *t) {
  size_t at = 0, count = 0;
  while (at < t->kept.len) {
    const char *name = t->kept.data + at;
    for (const char *c = name; *c; c++)
      check(*c < 'A' || *c > 'Z');
    at += strlen(name) + 1;
    check(at < t->kept.len);
    at += strlen(t->kept.data + at) + 1;
    count++;
  }
  check(at == t->kept.len && count == t->kept_count);
}

static size_t feed_head(transfer *t, char *at, char *end) {
  char *start = at;
  while (at < end && !t->head_ended) {
    char *stop = memchr(at, '\n', (size_t)(end - at));
    size_t len = stop ? (size_t)(stop + 1 - at) : (size_t)(end - at);
    /* libcurl has no status here: an empty line ends a head that is none of a 1xx. */
    if (transfer_on_header(at, 1, len, t) != len)
      break;
    at += len;
  }
  check(t->over_limit == (t->head_bytes > t->max_head));
  return (size_t)(at - start);
}

static void feed_body(transfer *t, char *at, size_t len, size_t piece) {
  while (len > 0) {
    size_t now = len < piece ? len : piece;
    if (transfer_on_body(at, 1, now, t) != now)
      break;
    at += now;
    len -= now;
  }
  check(t->body.len <= MAX_BODY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  transfer t = {.max_head = MAX_HEAD, .keeps_all = data[0] & 1};
  t.easy = curl_easy_init();
  buffer_init(&t.kept, MAX_HEAD);
  buffer_init(&t.body, MAX_BODY);
  char *copy = malloc(size);
  check(t.easy && copy);
  memcpy(copy, data, size);
  size_t used = 1 + feed_head(&t, copy + 1, copy + size);
  if (t.head_ended)
    feed_body(&t, copy + used, size - used, data[0] / 2 + 1u);
  check_kept(&t);
  free(copy);
  buffer_free(&t.kept);
  buffer_free(&t.body);
  curl_easy_cleanup(t.easy);
  return 0;
}
