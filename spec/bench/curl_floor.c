/* The floor of a keep-alive trigger: libcurl alone, one easy handle, the same
 * request over and over, nothing signed and nothing decoded.
 *
 *     curl_floor URL COUNT CA_FILE|- HEADER…
 *
 * Prints the microseconds that one request took on average, after a warm-up. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WARM_UP = 50 };

static size_t swallow(char *bytes, size_t size, size_t count, void *user) {
  (void)bytes;
  (void)user;
  return size * count;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

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
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, swallow);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
  if (strcmp(argv[3], "-") != 0)
    curl_easy_setopt(easy, CURLOPT_CAINFO, argv[3]);
  for (int i = 0; i < WARM_UP; i++)
    perform(easy);
  double start = now();
  for (long i = 0; i < count; i++)
    perform(easy);
  printf("%.3f\n", (now() - start) / (double)count);
  curl_easy_cleanup(easy);
  curl_slist_free_all(headers);
  return 0;
}
