/* The floor of a keep-alive trigger: libcurl alone, one easy handle, the same
 * request over and over, nothing signed and nothing decoded.
 *
 *     curl_floor URL COUNT CA_FILE|- HEADER…
 *
 * Prints the microseconds that one request took on average, after a warm-up. */
#include "clock.h"
#include "floor_request.h"
#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP = 50 };

static void perform(CURL *easy) {
  long status = 0;
  CURLcode code = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK && status == 200)
    return;
  fprintf(stderr, "curl_floor: %s, HTTP %ld\n", curl_easy_strerror(code), status);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 4)
    return 2;
  long count = atol(argv[2]);
  struct curl_slist *headers = NULL;
  for (int i = 4; i < argc; i++)
    headers = curl_slist_append(headers, argv[i]);
  CURL *easy = make_request(argv[1], argv[3]);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
  for (int i = 0; i < WARM_UP; i++)
    perform(easy);
  double start = seconds_now();
  for (long i = 0; i < count; i++)
    perform(easy);
  printf("%.3f\n", (seconds_now() - start) * 1e6 / (double)count);
  curl_easy_cleanup(easy);
  curl_slist_free_all(headers);
  return 0;
}
