#include "sign_headers.h"
#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct known_header {
  slice name;
  header_kind kind;
} known_header;

static const known_header known_headers[] = {
    {TEXT("host"), HEADER_HOST},
    {TEXT("x-sdk-date"), HEADER_DATE},
    {TEXT("x-security-token"), HEADER_TOKEN},
    {TEXT("content-type"), HEADER_CONTENT_TYPE},
    {TEXT("x-sdk-content-sha256"), HEADER_CONTENT_SHA256},
    {TEXT("x-sdk-content-sm3"), HEADER_CONTENT_SM3},
    {TEXT("authorization"), HEADER_NEVER},
    {TEXT("connection"), HEADER_UNSTABLE},
    {TEXT("content-length"), HEADER_UNSTABLE},
    {TEXT("expect"), HEADER_UNSTABLE},
    {TEXT("keep-alive"), HEADER_UNSTABLE},
    {TEXT("te"), HEADER_UNSTABLE},
    {TEXT("trailer"), HEADER_UNSTABLE},
    {TEXT("transfer-encoding"), HEADER_UNSTABLE},
    {TEXT("upgrade"), HEADER_UNSTABLE},
    {TEXT("user-agent"), HEADER_UNSTABLE},
};

static header_kind known_kind(slice name) {
  for (size_t i = 0; i < sizeof known_headers / sizeof *known_headers; i++)
    if (text_equal(known_headers[i].name, name))
      return known_headers[i].kind;
  return HEADER_OTHER;
}

/* Names with '_' stay unsigned as well: gateways like to drop them. */
static header_kind kind_of(slice name) {
  header_kind kind = known_kind(name);
  if (kind == HEADER_OTHER && (text_starts_with(name, (slice)TEXT("proxy-")) ||
                               memchr(name.data, '_', name.len) != NULL))
    return HEADER_UNSTABLE;
  return kind;
}

/* No name is empty, and most differ in their first byte. */
static int compare_names(const void *left, const void *right) {
  slice a = ((const header *)left)->name, b = ((const header *)right)->name;
  if (*a.data != *b.data)
    return (unsigned char)*a.data < (unsigned char)*b.data ? -1 : 1;
  int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
  return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Keeps the order; false when the name is there already. Room was made by
 * reserve_items. */
static bool insert_header(header_set *set, const header *item) {
  size_t at = set->count;
  int order = 1;
  while (at > 0 && (order = compare_names(item, &set->items[at - 1])) < 0)
    at--;
  if (order == 0)
    return false;
  memmove(&set->items[at + 1], &set->items[at], (set->count - at) * sizeof *item);
  set->items[at] = *item;
  set->count++;
  return true;
}

/* Writes the name's lower-case form to the names buffer, where room for it is. */
static sign_status lower_name(header_set *set, slice name, slice *lower) {
  char *out = set->names.data + set->names.len;
  if (!text_lower_token(name, out))
    return text_has_control(name) ? SIGN_CONTROL_BYTE : SIGN_BAD_NAME;
  set->names.len += name.len;
  *lower = (slice){out, name.len};
  return SIGN_OK;
}

static sign_status read_header(header_set *set, const pair *given, header *item) {
  sign_status status = lower_name(set, given->name, &item->name);
  if (status != SIGN_OK)
    return status;
  item->value = text_trim(given->value);
  if (!text_is_field_value(item->value))
    return SIGN_CONTROL_BYTE;
  item->kind = kind_of(item->name);
  item->is_signed = item->kind != HEADER_NEVER && item->kind != HEADER_UNSTABLE;
  set->special[item->kind] = item->value;
  return SIGN_OK;
}

/* For the header names, and one listed name at a time behind them: the buffer
 * must not move once slices point into it. */
static bool reserve_names(header_set *set, const sign_request *request) {
  size_t names = 0, longest = 0;
  for (size_t i = 0; i < request->header_count; i++)
    names += request->headers[i].name.len;
  for (size_t i = 0; i < request->signed_header_count; i++)
    if (request->signed_headers[i].len > longest)
      longest = request->signed_headers[i].len;
  if (set->names.max == 0)
    buffer_init(&set->names, SIGN_TEXT_MAX);
  buffer_reset(&set->names);
  return buffer_reserve(&set->names, names + longest) != NULL;
}

/* For what is given and what may be added. */
static bool reserve_items(header_set *set, const sign_request *request) {
  size_t need = request->header_count + HEADER_KIND_COUNT;
  if (need <= set->cap)
    return true;
  if (need > SIZE_MAX / sizeof *set->items)
    return false;
  header *items = realloc(set->items, need * sizeof *items);
  if (items == NULL)
    return false;
  set->items = items;
  set->cap = need;
  return true;
}

static bool sort_unique(header_set *set) {
  qsort(set->items, set->count, sizeof *set->items, compare_names);
  for (size_t i = 1; i < set->count; i++)
    if (compare_names(&set->items[i - 1], &set->items[i]) == 0)
      return false;
  return true;
}

/* Insertion keeps the few headers of a usual request in order; thousands are sorted, in
 * less than quadratic time. */
static sign_status take_given(header_set *set, const sign_request *request) {
  enum { FEW = 32 };
  bool few = request->header_count <= FEW;
  for (size_t i = 0; i < request->header_count; i++) {
    header item;
    sign_status status = read_header(set, &request->headers[i], &item);
    if (status != SIGN_OK)
      return status;
    if (!few)
      set->items[set->count++] = item;
    else if (!insert_header(set, &item))
      return SIGN_DUPLICATE;
  }
  return few || sort_unique(set) ? SIGN_OK : SIGN_DUPLICATE;
}

static void add_header(header_set *set, header_kind kind, slice name, slice value) {
  header item = {name, value, kind, true};
  insert_header(set, &item);
  set->special[kind] = value;
}

/* Adds a header that the request leaves out; one that it gives must agree. */
static sign_status require_header(header_set *set, header_kind kind, slice name,
                                  slice value, bool *added) {
  *added = set->special[kind].data == NULL;
  if (!*added)
    return text_equal(set->special[kind], value) ? SIGN_OK : SIGN_CONFLICT;
  if (text_has_control(value))
    return SIGN_CONTROL_BYTE;
  add_header(set, kind, name, value);
  return SIGN_OK;
}

static sign_status require_date(header_set *set, slice date, bool *added) {
  if (date.len == 0 && set->special[HEADER_DATE].data != NULL)
    date = set->special[HEADER_DATE];
  if (!text_is_date(date))
    return SIGN_BAD_DATE;
  return require_header(set, HEADER_DATE, (slice)TEXT("x-sdk-date"), date, added);
}

/* The gateway wants bodies of other types unhashed; the header that says so is
 * signed in their place, also when there is no body. */
static void require_content(header_set *set, digest_kind digest) {
  static const slice names[] = {TEXT("x-sdk-content-sha256"), TEXT("x-sdk-content-sm3")};
  static const slice wire[] = {TEXT("X-Sdk-Content-Sha256"), TEXT("X-Sdk-Content-Sm3")};
  header_kind kind = digest == DIGEST_SM3 ? HEADER_CONTENT_SM3 : HEADER_CONTENT_SHA256;
  slice type = set->special[HEADER_CONTENT_TYPE];
  if (set->special[kind].data != NULL || type.data == NULL ||
      text_starts_with(type, (slice)TEXT("application/json")) ||
      text_starts_with(type, (slice)TEXT("application/bson")))
    return;
  set->adds.content_header = wire[digest];
  set->adds.content_hash = (slice)TEXT("UNSIGNED-PAYLOAD");
  add_header(set, kind, names[digest], set->adds.content_hash);
}

static sign_status add_missing(header_set *set, const sign_request *request, slice token,
                               digest_kind digest) {
  sign_status status = require_header(set, HEADER_HOST, (slice)TEXT("host"),
                                      text_trim(request->host), &set->adds.host);
  if (status == SIGN_OK)
    status = require_date(set, request->date, &set->adds.date);
  if (status == SIGN_OK && token.len > 0)
    status = require_header(set, HEADER_TOKEN, (slice)TEXT("x-security-token"),
                            text_trim(token), &set->adds.token);
  if (status == SIGN_OK)
    require_content(set, digest);
  return status;
}

static header *find_header(header_set *set, slice name) {
  size_t low = 0, high = set->count;
  header wanted = {name, name, HEADER_OTHER, false};
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare_names(&set->items[middle], &wanted);
    if (order == 0)
      return &set->items[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

/* Each listed name is put in lower case behind the stored ones, for a moment. */
static sign_status sign_listed(header_set *set, const sign_request *request) {
  for (size_t i = 0; i < set->count; i++)
    set->items[i].is_signed = false;
  for (size_t i = 0; i < request->signed_header_count; i++) {
    size_t kept = set->names.len;
    slice lower;
    if (lower_name(set, request->signed_headers[i], &lower) != SIGN_OK)
      return SIGN_NOT_GIVEN;
    header *item = find_header(set, lower);
    set->names.len = kept;
    if (item == NULL || item->kind == HEADER_NEVER)
      return SIGN_NOT_GIVEN;
    item->is_signed = true;
  }
  return find_header(set, (slice)TEXT("x-sdk-date"))->is_signed ? SIGN_OK : SIGN_NO_DATE;
}

static sign_status fill_afresh(header_set *set, const sign_request *request, slice token,
                               digest_kind digest) {
  set->count = 0;
  set->series = 0;
  set->adds = (sign_additions){0};
  memset(set->special, 0, sizeof set->special);
  if (!reserve_items(set, request) || !reserve_names(set, request))
    return SIGN_NO_MEMORY;
  sign_status status = take_given(set, request);
  if (status == SIGN_OK)
    status = add_missing(set, request, token, digest);
  if (status == SIGN_OK && request->signed_headers != NULL)
    status = sign_listed(set, request);
  if (status == SIGN_OK && set->adds.date)
    set->series = request->series;
  return status;
}

static sign_status change_date(header_set *set, slice date) {
  if (!text_is_date(date))
    return SIGN_BAD_DATE;
  set->special[HEADER_DATE] = date;
  for (size_t i = 0; i < set->count; i++)
    if (set->items[i].kind == HEADER_DATE)
      set->items[i].value = date;
  return SIGN_OK;
}

/* The next one of a series differs in its date alone: that takes 1,700 instructions
 * less. */
sign_status header_set_fill(header_set *set, const sign_request *request, slice token,
                            digest_kind digest) {
  if (request->series != 0 && request->series == set->series)
    return change_date(set, request->date);
  return fill_afresh(set, request, token, digest);
}

void header_set_free(header_set *set) {
  free(set->items);
  buffer_free(&set->names);
  *set = (header_set){0};
}
