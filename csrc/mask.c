#include "mask.h"
#include "mask_escape.h"

#include <stdlib.h>
#include <string.h>

/* A URL in a message in a message: more encoders in a row have not been seen. */
enum { MAX_LAYERS = 3 };

/* How a byte of the text is shown. Where a secret begins, "***" is written. */
enum { SHOWN, BEGINS, HIDDEN };

/* What is looked for. `borders` is Knuth, Morris and Pratt's: for each beginning of the
 * text, the length of the longest shorter one that it ends with. */
typedef struct spelling {
  buffer text;
  size_t *borders;
} spelling;

/* A secret as it is, and as each kind of escape would read it: an encoder may have left
 * alone what looked encoded already. */
typedef struct spellings {
  spelling list[MASK_MAX_SECRETS * (1 + ESCAPE_KINDS)];
  size_t count;
} spellings;

/* Forms write + for a blank, and read a + that should have been encoded as one. */
static char folded(char byte) { return byte == '+' ? ' ' : byte; }

/* How much of the spelling the text ends with, one byte after it ended with `matched`. */
static size_t advance(const spelling *s, size_t matched, char byte) {
  const char *wanted = s->text.data;
  while (matched > 0 &&
         (matched == s->text.len || folded(wanted[matched]) != folded(byte)))
    matched = s->borders[matched - 1];
  return matched + (folded(wanted[matched]) == folded(byte));
}

static bool find_borders(spelling *s) {
  s->borders = calloc(s->text.len, sizeof *s->borders);
  if (s->borders == NULL)
    return false;
  for (size_t i = 1; i < s->text.len; i++)
    s->borders[i] = advance(s, s->borders[i - 1], s->text.data[i]);
  return true;
}

/* A copy that is wiped with its buffer; without a kind the bytes as they are. */
static bool decode(const escape_kind *kind, slice text, buffer *out) {
  buffer_init(out, text.len);
  out->secret = true;
  if (kind == NULL)
    return buffer_append_slice(out, text);
  char *to = buffer_reserve(out, text.len);
  if (to == NULL)
    return false;
  for (size_t at = 0; at < text.len;) {
    escape_unit unit = kind->read(text, at);
    memcpy(to + out->len, unit.bytes, unit.len);
    out->len += unit.len;
    at += unit.taken;
  }
  return true;
}

static bool add_spelling(spellings *all, const escape_kind *kind, slice secret) {
  spelling *added = &all->list[all->count++];
  if (!decode(kind, secret, &added->text))
    return false;
  if (kind == NULL || added->text.len < secret.len)
    return find_borders(added);
  buffer_free(&added->text);
  all->count--;
  return true;
}

static bool add_secret(spellings *all, slice secret) {
  bool added = add_spelling(all, NULL, secret);
  for (size_t i = 0; added && i < ESCAPE_KINDS; i++)
    added = add_spelling(all, &escape_kinds[i], secret);
  return added;
}

static void free_spellings(spellings *all) {
  for (size_t i = 0; i < all->count; i++) {
    buffer_free(&all->list[i].text);
    free(all->list[i].borders);
  }
}

static void mark(char *marks, size_t from, size_t to, char first) {
  if (first == HIDDEN || marks[from] == SHOWN)
    marks[from] = first;
  memset(marks + from + 1, HIDDEN, to - from - 1);
}

/* Occurrences may overlap: each marks only what the one before it has not. */
static void mark_spelling(const spelling *s, slice text, char *marks) {
  size_t matched = 0, marked = 0;
  for (size_t at = 0; at < text.len; at++) {
    matched = advance(s, matched, text.data[at]);
    if (matched < s->text.len)
      continue;
    size_t from = at + 1 - matched;
    if (from < marked)
      mark(marks, marked, at + 1, HIDDEN);
    else
      mark(marks, from, at + 1, BEGINS);
    marked = at + 1;
  }
}

/* Hides in a text what is hidden in that for which it stands. */
static void carry_marks(const escape_kind *kind, slice text, const char *inner,
                        char *marks) {
  for (size_t at = 0; at < text.len;) {
    escape_unit unit = kind->read(text, at);
    char first = SHOWN;
    for (size_t i = 0; i < unit.len && first == SHOWN; i++)
      first = inner[i];
    if (first != SHOWN)
      mark(marks, at, at + unit.taken, first);
    at += unit.taken;
    inner += unit.len;
  }
}

static bool mark_layer(const spellings *all, slice text, char *marks, int layers);

static bool mark_behind(const spellings *all, const escape_kind *kind, slice text,
                        char *marks, int layers) {
  buffer decoded;
  bool done = decode(kind, text, &decoded);
  if (done && decoded.len < text.len) {
    char *inner = calloc(decoded.len + 1, 1);
    done = inner != NULL && mark_layer(all, buffer_slice(&decoded), inner, layers);
    if (done)
      carry_marks(kind, text, inner, marks);
    free(inner);
  }
  buffer_free(&decoded);
  return done;
}

static bool mark_layer(const spellings *all, slice text, char *marks, int layers) {
  for (size_t i = 0; i < all->count; i++)
    mark_spelling(&all->list[i], text, marks);
  for (size_t i = 0; layers > 0 && i < ESCAPE_KINDS; i++)
    if (memchr(text.data, escape_kinds[i].sign, text.len) != NULL &&
        !mark_behind(all, &escape_kinds[i], text, marks, layers - 1))
      return false;
  return true;
}

static bool write_marked(slice text, const char *marks, buffer *out) {
  for (size_t at = 0; at < text.len;) {
    size_t from = at++;
    if (marks[from] == BEGINS)
      buffer_append_text(out, "***");
    while (at < text.len && marks[at] == SHOWN)
      at++;
    if (marks[from] != SHOWN)
      from++;
    buffer_append(out, text.data + from, at - from);
  }
  return !out->failed;
}

bool mask_text(slice text, const slice *secrets, size_t count, buffer *out) {
  if (text.len == 0)
    return true;
  spellings all = {.count = 0};
  char *marks = calloc(text.len, 1);
  bool done = marks != NULL;
  for (size_t i = 0; done && i < count; i++)
    if (secrets[i].len > 0)
      done = add_secret(&all, secrets[i]);
  done =
      done && mark_layer(&all, text, marks, MAX_LAYERS) && write_marked(text, marks, out);
  free_spellings(&all);
  free(marks);
  return done;
}
