#include "mask_escape.h"

static escape_unit plain_byte(slice text, size_t at) {
  return (escape_unit){.taken = 1, .len = 1, .bytes = {text.data[at]}};
}

static escape_unit escaped_byte(size_t taken, char byte) {
  return (escape_unit){.taken = taken, .len = 1, .bytes = {byte}};
}

static bool is_letter_or_digit(char byte) {
  char lower = (char)(byte | 0x20);
  return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
}

static int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9')
    return byte - '0';
  char lower = (char)(byte | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The number of so many hexadecimal digits, or -1 where they are none. */
static long read_hex(slice text, size_t at, size_t digits) {
  long number = 0;
  if (at > text.len || digits > text.len - at)
    return -1;
  for (size_t i = 0; i < digits; i++) {
    int digit = hex_digit(text.data[at + i]);
    if (digit < 0)
      return -1;
    number = number * 16 + digit;
  }
  return number;
}

static escape_unit read_percent(slice text, size_t at) {
  long byte = text.data[at] == '%' ? read_hex(text, at + 1, 2) : -1;
  return byte < 0 ? plain_byte(text, at) : escaped_byte(3, (char)byte);
}

static escape_unit utf8(long code, size_t taken) {
  static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  escape_unit unit = {.taken = taken, .len = 1};
  unit.len += (size_t)(code >= 0x80) + (code >= 0x800) + (code >= 0x10000);
  for (size_t i = unit.len - 1; i > 0; i--, code >>= 6)
    unit.bytes[i] = (char)(0x80 | (code & 0x3f));
  unit.bytes[0] = (char)(lead[unit.len] | code);
  return unit;
}

/* The four digits of an escape such as \u002f, or -1. */
static long read_u(slice text, size_t at) {
  bool begins = at + 1 < text.len && text.data[at] == '\\' && text.data[at + 1] == 'u';
  return begins ? read_hex(text, at + 2, 4) : -1;
}

/* Above U+FFFF a character is a pair of surrogates (RFC 8259, section 7). */
static escape_unit read_unicode(slice text, size_t at) {
  long code = read_u(text, at);
  if (code < 0)
    return plain_byte(text, at);
  long low = code >= 0xd800 && code < 0xdc00 ? read_u(text, at + 6) : -1;
  if (low >= 0xdc00 && low < 0xe000)
    return utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), 12);
  return utf8(code, 6);
}

/* JSON's escapes; \x2f, which logs and scripts write; and a backslash before any sign. */
static escape_unit read_backslash(slice text, size_t at) {
  if (text.data[at] != '\\' || at + 1 == text.len)
    return plain_byte(text, at);
  char letter = text.data[at + 1];
  long byte;
  switch (letter) {
  case 'b':
    return escaped_byte(2, '\b');
  case 'f':
    return escaped_byte(2, '\f');
  case 'n':
    return escaped_byte(2, '\n');
  case 'r':
    return escaped_byte(2, '\r');
  case 't':
    return escaped_byte(2, '\t');
  case 'u':
    return read_unicode(text, at);
  case 'x':
    byte = read_hex(text, at + 2, 2);
    return byte < 0 ? plain_byte(text, at) : escaped_byte(4, (char)byte);
  default:
    return is_letter_or_digit(letter) ? plain_byte(text, at) : escaped_byte(2, letter);
  }
}

const escape_kind escape_kinds[ESCAPE_KINDS] = {{'%', read_percent},
                                                {'\\', read_backslash}};
