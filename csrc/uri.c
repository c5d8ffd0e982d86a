#include "uri.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where a byte stays as it is. Unreserved ones do in both places. */
enum { BARE_ANYWHERE = 1, BARE_IN_PATH = 2 };

static const unsigned char bare_in[256] = {
    ['/'] = BARE_IN_PATH,
    ['-'] = 3,
    ['.'] = 3,
    ['_'] = 3,
    ['~'] = 3,
    ['0'] = 3,
    ['1'] = 3,
    ['2'] = 3,
    ['3'] = 3,
    ['4'] = 3,
    ['5'] = 3,
    ['6'] = 3,
    ['7'] = 3,
    ['8'] = 3,
    ['9'] = 3,
    ['A'] = 3,
    ['B'] = 3,
    ['C'] = 3,
    ['D'] = 3,
    ['E'] = 3,
    ['F'] = 3,
    ['G'] = 3,
    ['H'] = 3,
    ['I'] = 3,
    ['J'] = 3,
    ['K'] = 3,
    ['L'] = 3,
    ['M'] = 3,
    ['N'] = 3,
    ['O'] = 3,
    ['P'] = 3,
    ['Q'] = 3,
    ['R'] = 3,
    ['S'] = 3,
    ['T'] = 3,
    ['U'] = 3,
    ['V'] = 3,
    ['W'] = 3,
    ['X'] = 3,
    ['Y'] = 3,
    ['Z'] = 3,
    ['a'] = 3,
    ['b'] = 3,
    ['c'] = 3,
    ['d'] = 3,
    ['e'] = 3,
    ['f'] = 3,
    ['g'] = 3,
    ['h'] = 3,
    ['i'] = 3,
    ['j'] = 3,
    ['k'] = 3,
    ['l'] = 3,
    ['m'] = 3,
    ['n'] = 3,
    ['o'] = 3,
    ['p'] = 3,
    ['q'] = 3,
    ['r'] = 3,
    ['s'] = 3,
    ['t'] = 3,
    ['u'] = 3,
    ['v'] = 3,
    ['w'] = 3,
    ['x'] = 3,
    ['y'] = 3,
    ['z'] = 3,
};

static bool append_escape(buffer *out, unsigned char byte) {
  static const char digits[] = "0123456789ABCDEF";
  const char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
  return buffer_append(out, escape, sizeof escape);
}

/* How many of the first bytes stay bare. Nearly all do, so one question is asked
 * of four. */
static size_t bare_run(const unsigned char *bytes, size_t len, unsigned place) {
  size_t i = 0;
  for (; len - i >= 4; i += 4)
    if ((bare_in[bytes[i]] & bare_in[bytes[i + 1]] & bare_in[bytes[i + 2]] &
         bare_in[bytes[i + 3]] & place) == 0)
      break;
  while (i < len && (bare_in[bytes[i]] & place) != 0)
    i++;
  return i;
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

bool uri_append_encoded(buffer *out, slice text) {
  return append_bytes(out, text, BARE_ANYWHERE);
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
    if (!uri_append_encoded(out, pairs[i].name) || !buffer_append_byte(out, '=') ||
        !uri_append_encoded(out, pairs[i].value))
      return false;
  }
  return true;
}
