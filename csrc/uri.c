#include "uri.h"

#include <stdlib.h>
#include <string.h>

/* Where a byte stays as it is. Unreserved ones do in both places. */
enum { BARE_ANYWHERE = 1, BARE_IN_PATH = 2 };

#define BOTH (BARE_ANYWHERE | BARE_IN_PATH)
#define TEN BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH
#define TWENTY_SIX TEN, TEN, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH

/* Digits and letters are rows without a gap in ASCII. */
static const unsigned char bare_in[256] = {
    ['-'] = BOTH,       ['.'] = BOTH, ['/'] = BARE_IN_PATH, ['0'] = TEN,
    ['A'] = TWENTY_SIX, ['_'] = BOTH, ['a'] = TWENTY_SIX,   ['~'] = BOTH};

static bool append_escape(buffer *out, unsigned char byte) {
  static const char digits[] = "0123456789ABCDEF";
  const char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
  return buffer_append(out, escape, sizeof escape);
}

/* How many of the first bytes stay bare. */
static size_t bare_run(const unsigned char *bytes, size_t len, unsigned place) {
  size_t i = 0;
  while (i < len && (bare_in[bytes[i]] & place) != 0)
    i++;
  return i;
}

bool uri_is_unreserved(slice text) {
  return bare_run((const unsigned char *)text.data, text.len, BARE_ANYWHERE) == text.len;
}

static bool append_bytes(buffer *out, slice text, unsigned place) {
  const unsigned char *at = (const unsigned char *)text.data;
  size_t left = text.len;
  while (left > 0) {
    size_t run = bare_run(at, left, place);
    if (run > 0 && !buffer_append(out, at, run))
      return false;
    if (run == left)
      break;
    if (!append_escape(out, at[run]))
      return false;
    at += run + 1;
    left -= run + 1;
  }
  return !out->failed;
}

bool uri_append_path(buffer *out, slice path) {
  if ((path.len == 0 || path.data[0] != '/') && !buffer_append_byte(out, '/'))
    return false;
  return append_bytes(out, path, BARE_IN_PATH);
}

static int compare_slices(slice a, slice b) {
  size_t common = a.len < b.len ? a.len : b.len;
  int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
  if (order != 0)
    return order;
  return (a.len > b.len) - (a.len < b.len);
}

/* Pairs that compare equal are the same bytes, so stability does not matter. */
static int compare_pairs(const void *left, const void *right) {
  const pair *a = left, *b = right;
  int order = compare_slices(a->name, b->name);
  return order != 0 ? order : compare_slices(a->value, b->value);
}

bool uri_append_query(buffer *out, pair *pairs, size_t count) {
  if (count > 1)
    qsort(pairs, count, sizeof *pairs, compare_pairs);
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && !buffer_append_byte(out, '&'))
      return false;
    if (!append_bytes(out, pairs[i].name, BARE_ANYWHERE) ||
        !buffer_append_byte(out, '=') ||
        !append_bytes(out, pairs[i].value, BARE_ANYWHERE))
      return false;
  }
  return true;
}

bool uri_append_target(buffer *out, slice path, pair *query, size_t count) {
  uri_append_path(out, path);
  if (count > 0) {
    buffer_append_byte(out, '?');
    uri_append_query(out, query, count);
  }
  return !out->failed;
}
