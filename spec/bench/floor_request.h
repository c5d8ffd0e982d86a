/* The request of both floors of libcurl: a PUT without a body, whose answer is not kept.
 */
#ifndef FLOOR_REQUEST_H
#define FLOOR_REQUEST_H

#include <curl/curl.h>
#include <string.h>

static inline size_t swallow(char *bytes, size_t size, size_t count, void *user) {
  (void)bytes;
  (void)user;
  return size * count;
}

/* The caller owns the handle. `ca_file` is "-" where none is needed. */
static inline CURL *make_request(const char *url, const char *ca_file) {
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, swallow);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  if (strcmp(ca_file, "-") != 0)
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  return easy;
}

#endif
