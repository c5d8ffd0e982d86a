#include "buffer.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 256 };

/* Called through a volatile pointer: the compiler cannot know what it does, so
 * it cannot leave out a write to memory that is about to be freed. */
static void *(*const volatile clear)(void *, int, size_t) = memset;

static void release_bytes(char *data, size_t size, bool wipe) {
  if (data == NULL)
    return;
  if (wipe)
    clear(data, 0, size);
  free(data);
}

void buffer_init(buffer *b, size_t max) { *b = (buffer){.max = max}; }

static char *resized_bytes(const buffer *b, size_t cap) {
  if (!b->secret)
    return realloc(b->data, cap);
  char *data = malloc(cap);
  if (data == NULL)
    return NULL;
  if (b->data != NULL)
    memcpy(data, b->data, b->len);
  release_bytes(b->data, b->cap, true);
  return data;
}

/* `len` and `more` are below the ceiling by then, so their sum cannot wrap. */
static bool grow_buffer(buffer *b, size_t more) {
  size_t need = b->len + more;
  size_t cap = b->cap < b->max / 2 ? b->cap * 2 : b->max;
  if (cap < need)
    cap = need;
  if (cap < SMALLEST)
    cap = SMALLEST;
  char *data = resized_bytes(b, cap);
  if (data == NULL)
    return false;
  b->data = data;
  b->cap = cap;
  return true;
}

static bool make_room(buffer *b, size_t more) {
  if (b->failed)
    return false;
  if (more <= b->cap - b->len && b->len + more <= b->max)
    return true;
  b->full = more > b->max - b->len;
  b->failed = b->full || !grow_buffer(b, more);
  return !b->failed;
}

char *buffer_reserve(buffer *b, size_t len) {
  /* One byte at least, so that success never looks like NULL. */
  if (len == 0 && b->data == NULL)
    return b->failed || !grow_buffer(b, 1) ? NULL : b->data;
  return make_room(b, len) ? b->data + b->len : NULL;
}

bool buffer_append(buffer *b, const void *bytes, size_t len) {
  if (!make_room(b, len))
    return false;
  if (len > 0) {
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
  }
  return true;
}

bool buffer_append_slice(buffer *b, slice bytes) {
  return buffer_append(b, bytes.data, bytes.len);
}

bool buffer_append_text(buffer *b, const char *text) {
  return buffer_append(b, text, strlen(text));
}

bool buffer_append_byte(buffer *b, char byte) { return buffer_append(b, &byte, 1); }

const char *buffer_text(buffer *b) {
  /* The NUL is no content: it may stand one byte past the ceiling. */
  if (b->failed)
    return NULL;
  if (b->len == b->cap && !grow_buffer(b, 1)) {
    b->failed = true;
    return NULL;
  }
  b->data[b->len] = '\0';
  return b->data;
}

slice buffer_slice(const buffer *b) {
  return (slice){b->data == NULL ? "" : b->data, b->len};
}

void buffer_reset(buffer *b) {
  b->len = 0;
  b->failed = b->full = false;
}

void buffer_clear(buffer *b) {
  if (b->len > 0)
    clear(b->data, 0, b->len);
  buffer_reset(b);
}

void buffer_free(buffer *b) {
  release_bytes(b->data, b->cap, b->secret);
  b->data = NULL;
  b->len = 0;
  b->cap = 0;
  b->failed = b->full = false;
}
