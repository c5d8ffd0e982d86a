/* Preloaded: libcurl says of a handshake that failed what libcurl 8 does: in front of
 * OpenSSL's words are its own, with another "error:" among them. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef curl_easy_setopt

static char *text;

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  static CURLcode (*real)(CURL *, CURLoption, ...);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_setopt");
  va_list values;
  va_start(values, option);
  void *value = va_arg(values, void *); /* as wide as a long and a curl_off_t */
  va_end(values);
  if (option == CURLOPT_ERRORBUFFER)
    text = value;
  return real(easy, option, value);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left) {
  static CURLMsg *(*real)(CURLM *, int *);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "curl_multi_info_read");
  CURLMsg *message = real(multi, left);
  const char *number = text ? strstr(text, "error:") : NULL;
  if (message && message->data.result == CURLE_SSL_CONNECT_ERROR && number) {
    char theirs[CURL_ERROR_SIZE];
    snprintf(theirs, sizeof theirs, "%s", number);
    snprintf(text, CURL_ERROR_SIZE, "TLS connect error: %.200s", theirs);
  }
  return message;
}
